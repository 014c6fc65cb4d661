/** Text as it may stand in an element or an attribute. */
export function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

/** A number as people read it: three digits at least, thousands apart. */
export function shown(value: number): string {
  const digits = Math.abs(value) >= 100 || Number.isInteger(value) ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString('en-US', { maximumFractionDigits: digits, minimumFractionDigits: digits });
}

/** A cell: text, or a number that is shown as one. */
export type Cell = string | number;

/** A table that scrolls by itself where it is wider than the page; the first cell of each row names it. */
export function table(caption: string, head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const cells = (row: readonly Cell[]): string =>
    row
      .map((cell, i) => {
        const text = typeof cell === 'number' ? shown(cell) : escaped(cell);
        if (i === 0) return `<th scope="row">${text}</th>`;
        return typeof cell === 'number' ? `<td class="number">${text}</td>` : `<td>${text}</td>`;
      })
      .join('');
  return `<div class="wide" tabindex="0" role="region" aria-label="${escaped(caption)}"><table><caption>${escaped(caption)}</caption>
<thead><tr>${head.map((name) => `<th scope="col">${escaped(name)}</th>`).join('')}</tr></thead>
<tbody>${rows.map((row) => `<tr>${cells(row)}</tr>`).join('\n')}</tbody></table></div>`;
}

/** A plot with its title; the table that follows has the same figures for those who cannot see it. */
export function figure(title: string, svg: string): string {
  return `<figure><figcaption>${escaped(title)}</figcaption>${svg}</figure>`;
}
