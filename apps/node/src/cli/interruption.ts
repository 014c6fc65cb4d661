import { EXIT } from './exit-codes.ts';

/** A wish to end something long that leaves files behind unless it ends by itself. */
export interface Interruption {
  readonly signal: AbortSignal;
  /** What the process ends with after the wish. */
  readonly exitCode: number;
  /** From now on signals do what they usually do. */
  stop(): void;
}

/** Watches for Ctrl-C and SIGTERM; a second one ends the process at once. */
export function watchInterruption(): Interruption {
  const controller = new AbortController();
  let exitCode: number = EXIT.interrupted;
  const stop = (): void => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, onSignal);
  };
  const onSignal = (signal: NodeJS.Signals): void => {
    stop();
    exitCode = signal === 'SIGTERM' ? EXIT.terminated : EXIT.interrupted;
    controller.abort();
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, onSignal);
  return {
    signal: controller.signal,
    get exitCode() {
      return exitCode;
    },
    stop,
  };
}
