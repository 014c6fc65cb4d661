import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');
const CONDITION = 'varve-source';

interface Manifest {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly exports?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

function read<T>(...path: string[]): T {
  return JSON.parse(readFileSync(join(root, ...path), 'utf8')) as T;
}

const folders = ['packages', 'apps'].flatMap((area) => readdirSync(join(root, area)).map((name) => join(area, name)));

describe.each(folders)('%s', (folder) => {
  const manifest = read<Manifest>(folder, 'package.json');

  it('is run from the sources that it exports, first of all', () => {
    for (const conditions of Object.values(manifest.exports ?? {})) {
      expect(Object.keys(conditions)).toEqual([CONDITION, 'types', 'default']);
      expect(existsSync(join(root, folder, conditions[CONDITION] ?? ''))).toBe(true);
    }
  });

  it('is built after what it depends on', () => {
    const { references = [] } = read<{ references?: readonly { path: string }[] }>(folder, 'tsconfig.json');
    const needed = Object.keys(manifest.dependencies ?? {}).filter((name) => name.startsWith('@varve/'));
    const built = references.map(({ path }) => read<Manifest>(folder, path, 'package.json').name);
    expect(built.sort()).toEqual(needed.sort());
  });

  it('has exact versions of everything', () => {
    const versions = Object.values(manifest.dependencies ?? {});
    expect(versions.filter((version) => version !== 'workspace:*' && !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
  });
});
