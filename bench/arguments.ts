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
