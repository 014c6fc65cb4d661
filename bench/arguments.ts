/** A whole number above 0. @throws {TypeError} with `usage` for anything else. */
export function countOf(text: string, usage: string): number {
  const count = Number(text);
  if (!/^\d{1,9}$/.test(text) || count < 1) throw new TypeError(`"${text}" is no whole number above 0\n${usage}`);
  return count;
}

/** Whole numbers above 0, separated by commas. @throws {TypeError} with `usage` for anything else. */
export function countsOf(text: string, usage: string): readonly number[] {
  return text.split(',').map((part) => countOf(part, usage));
}

/** What `read` makes of the command line; where that is none, tells why and how it is used, and ends with 2. */
export function optionsOrExit<T>(read: (words: readonly string[]) => T, usage: string): T {
  try {
    return read(process.argv.slice(2));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    process.stderr.write(`${reason.includes(usage) ? reason : `${reason}\n${usage}`}\n`);
    process.exit(2);
  }
}
