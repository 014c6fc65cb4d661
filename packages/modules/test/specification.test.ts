import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { builtinModules } from '../src/index.ts';

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');
const specification = read('../../../docs/specification.md');

it.each([...builtinModules().values()].flatMap((module) => module.methods.map((method) => `${module.name}.${method}`)))(
  '%s is in docs/specification.md',
  (name) => {
    expect(specification).toContain(`\`${name}(`);
  },
);

it('every code and event of the sources is in docs/specification.md', () => {
  for (const file of readdirSync(new URL('../src', import.meta.url))) {
    const source = read(`../src/${file}`);
    for (const [, code] of source.matchAll(/OperationFailed\('([A-Z_]+)'/g))
      expect(specification).toContain(`\`${code}\``);
    for (const [, topic] of source.matchAll(/emit\('([a-z-]+)'/g)) expect(specification).toContain(`\`${topic}\``);
  }
});
