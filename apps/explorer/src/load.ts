import { useEffect, useState } from 'preact/hooks';
import { ApiFailure } from './api.ts';

/** An answer on its way. */
export type Loaded<T> =
  | { readonly state: 'loading' }
  | { readonly state: 'ready'; readonly value: T }
  | { readonly state: 'failed'; readonly failure: ApiFailure };

/** Fetches again whenever `key` changes, and every `repeatMs` where given. What was shown stays until the next answer. */
export function useLoaded<T>(key: string, fetcher: (signal: AbortSignal) => Promise<T>, repeatMs?: number): Loaded<T> {
  const [loaded, setLoaded] = useState<Loaded<T>>({ state: 'loading' });
  useEffect(() => {
    const stop = new AbortController();
    setLoaded({ state: 'loading' });
    const run = async (): Promise<void> => {
      try {
        const value = await fetcher(stop.signal);
        if (!stop.signal.aborted) setLoaded({ state: 'ready', value });
      } catch (error) {
        if (stop.signal.aborted) return;
        setLoaded({
          state: 'failed',
          failure: error instanceof ApiFailure ? error : new ApiFailure('PAGE_FAILED', String(error), ''),
        });
      }
    };
    void run();
    const timer = repeatMs === undefined ? undefined : setInterval(() => void run(), repeatMs);
    return () => {
      stop.abort();
      clearInterval(timer);
    };
  }, [key]);
  return loaded;
}
