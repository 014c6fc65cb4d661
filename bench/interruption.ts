const EXIT_CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/**
 * Runs a benchmark that may be interrupted: at a signal everything that it started is stopped, and then the process
 * ends. Whatever fails because of that is not told.
 */
export async function interruptible(stopAll: () => Promise<unknown>, run: () => Promise<void>): Promise<void> {
  let isInterrupted = false;
  for (const [signal, code] of Object.entries(EXIT_CODES)) {
    process.once(signal, () => {
      if (isInterrupted) return;
      isInterrupted = true;
      void Promise.allSettled([stopAll()]).then(() => process.exit(code));
    });
  }
  try {
    await run();
  } catch (error) {
    if (!isInterrupted) throw error;
    // The signal's handler ends the process.
    await new Promise(() => undefined);
  }
}
