import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const text = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');
const golden: Record<string, string> = JSON.parse(text('./golden/records.json'));
const specification = text('../../../docs/specification.md');
/** Blocks fenced as "hex NAME", without comments and spaces. */
const examples = [...specification.matchAll(/^```hex ([a-z-]+)\n(.*?)^```$/gms)].map(
  ([, name, body]): [string, string] => [name as string, (body as string).replace(/;.*$/gm, '').replace(/\s/g, '')],
);

describe('the examples of docs/specification.md', () => {
  it.each(examples)('%s is the golden record', (name, hex) => {
    expect(hex).toBe(golden[name]);
  });

  it('show every golden record', () => {
    expect(examples.map(([name]) => name).sort()).toEqual(Object.keys(golden).sort());
  });
});
