/** The widest bar of a histogram, characters. */
const BAR_MAX = 50;

/** The value that a share of `values` does not exceed: the nearest rank. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const rank = Math.max(1, Math.ceil(share * sorted.length));
  return sorted[rank - 1] ?? Number.NaN;
}

/** Lines with how many of `values` lie in each interval of `width`. */
export function histogram(values: readonly number[], width: number): readonly string[] {
  const counts = new Map<number, number>();
  for (const value of values) {
    const bin = Math.floor(value / width);
    counts.set(bin, (counts.get(bin) ?? 0) + 1);
  }
  const most = Math.max(...counts.values());
  const bins = [...counts.keys()];
  const [first, last] = [Math.min(...bins), Math.max(...bins)];
  return Array.from({ length: last - first + 1 }, (_, i) => {
    const count = counts.get(first + i) ?? 0;
    const bar = '#'.repeat(Math.ceil((count * BAR_MAX) / most));
    return `${String((first + i) * width).padStart(6)} ms ${String(count).padStart(5)} ${bar}`;
  });
}
