import type { SavedResult } from '../save.ts';
import { sectionOf } from './sections.ts';

const STYLE = `
:root { color-scheme: light dark; --ink: #1d2730; --soft: #5b6873; --line: #d5dbe0; --mark: #1f6f8b; --back: #fff; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6ebef; --soft: #a3afb9; --line: #38444d; --mark: #6cc0dc; --back: #12181d; } }
body { margin: 0 auto; max-width: 64rem; padding: 1rem; font: 1rem/1.5 system-ui, sans-serif; color: var(--ink); background: var(--back); }
h1, h2, h3 { line-height: 1.25; } section { border-top: 1px solid var(--line); margin-top: 2rem; }
figure { margin: 1rem 0; max-width: 36rem; } figcaption { font-weight: 600; } svg { display: block; width: 100%; height: auto; }
.plots { display: grid; gap: 0 2rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 18rem), 1fr)); }
svg text { font: 12px system-ui, sans-serif; fill: var(--ink); } .end { text-anchor: end; } .middle { text-anchor: middle; }
rect, circle { fill: var(--mark); } .line { fill: none; stroke: var(--mark); stroke-width: 2; }
.grid { stroke: var(--line); } .range { stroke: var(--ink); fill: none; }
.wide { overflow-x: auto; margin: 1rem 0; } table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--soft); } th, td { padding: .25rem .75rem .25rem 0; border-bottom: 1px solid var(--line); text-align: left; }
.number { text-align: right; } th[scope=row] { font-weight: normal; }
`;

/** The whole page: results newest first, drawn; it needs nothing from anywhere. */
export function pageOf(results: readonly SavedResult[]): string {
  const newest = [...results].sort((a, b) => (a.date < b.date ? 1 : a.date > b.date ? -1 : 0));
  const sections =
    newest.length === 0
      ? '<p>Nothing was kept yet: <code>npm run bench:peers</code>, <code>npm run bench:scale</code> or <code>npm run bench -- --save</code>.</p>'
      : newest.map(sectionOf).join('\n');
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Varve: benchmarks</title>
<style>${STYLE}</style></head>
<body><main><h1>Varve: benchmarks</h1>
<p>Drawn by <code>npm run bench:page</code> from the files beside this page, newest first. <em>Others</em> is what processes that are no part of a measurement took of the machine: the more, the less it is worth.</p>
${sections}
</main></body>
</html>
`;
}
