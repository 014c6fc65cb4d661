import { EXIT } from './exit-codes.ts';
import { CliError } from './failure.ts';

/** How long a clean stop may take, milliseconds. */
const STOP_MS_MAX = 2_900;
/** A terminal and the launchers above may pass one Ctrl-C on twice: what follows so soon is the same one. */
const SAME_SIGNAL_MS = 500;
const PARENT_CHECK_MS = 500;
/** Set by a foreground devnet: the node stops when the process that started it is gone. */
export const STOP_WITH_PARENT = 'VARVE_STOP_WITH_PARENT';

/** Why a process is to end. */
export interface EndReason {
  readonly kind: 'asked';
  readonly why: string;
}

/** Watches for the wish to end. */
export interface EndWatch {
  /** Resolves at the first signal, or when the parent is gone. */
  readonly asked: Promise<EndReason>;
  /** Waits for a clean stop, but not for ever. */
  within<T>(stop: Promise<T>): Promise<T>;
}

/** From now on a first signal asks to end and a second one, a moment later, ends the process at once. */
export function endReason(environment: Readonly<Record<string, string | undefined>>): EndWatch {
  let since: number | undefined;
  const asked = new Promise<EndReason>((resolve) => {
    const onSignal = (signal: NodeJS.Signals): void => {
      if (since === undefined) {
        since = performance.now();
        resolve({ kind: 'asked', why: signal });
      } else if (performance.now() - since > SAME_SIGNAL_MS) {
        process.exit(signal === 'SIGTERM' ? EXIT.terminated : EXIT.interrupted);
      }
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
    if (environment[STOP_WITH_PARENT]) {
      const parent = process.ppid;
      const check = setInterval(() => {
        if (process.ppid !== parent) resolve({ kind: 'asked', why: 'the starting process is gone' });
      }, PARENT_CHECK_MS);
      check.unref();
    }
  });
  return { asked, within };
}

async function within<T>(stop: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    const message = `it did not stop within ${STOP_MS_MAX} ms and was ended`;
    timer = setTimeout(() => reject(new CliError('STOP_TIMEOUT', message)), STOP_MS_MAX);
  });
  try {
    return await Promise.race([stop, late]);
  } finally {
    clearTimeout(timer);
  }
}
