import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { loadNative } from '../src/native.ts';

describe('loadNative', () => {
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  it.each<{ host: string; process: unknown }>([
    { host: 'a browser', process: undefined },
    { host: 'a bundler that defines a bare process', process: { env: {} } },
  ])('finds nothing in $host, and does not throw', ({ process }) => {
    vi.stubGlobal('process', process);
    expect(loadNative()).toEqual({});
  });

  it('does without libsodium and hashtree where the packages or their binaries are missing', () => {
    const { getBuiltinModule } = process;
    const failing = () => {
      throw new Error('ERR_MODULE_NOT_FOUND');
    };
    vi.stubGlobal('process', {
      getBuiltinModule: (name: string) =>
        name === 'node:module' ? { createRequire: () => failing } : getBuiltinModule(name as 'node:crypto'),
    });
    const { sodium, nodeCrypto, hashtree } = loadNative();
    expect(sodium).toBeUndefined();
    expect(hashtree).toBeUndefined();
    expect(nodeCrypto).toBeDefined();
  });
});

describe('the entry that browsers load', () => {
  it('reaches no static import of a node module; the file part is apart', () => {
    const seen = new Set<string>();
    const visit = (file: string) => {
      if (seen.has(file)) return;
      seen.add(file);
      const source = readFileSync(new URL(`../src/${file}`, import.meta.url), 'utf8');
      for (const [, clause, specifier = ''] of source.matchAll(/^(import|export) [^;]*?from '([^']+)'/gm)) {
        const isType = new RegExp(`^${clause} type [^;]*?from '${specifier}'`, 'm').test(source);
        if (specifier.startsWith('./')) visit(specifier.slice(2));
        else if (!isType) expect(specifier, file).not.toMatch(/^(node:|sodium-native|@chainsafe)/);
      }
    };
    visit('index.ts');
    expect([...seen].sort()).toEqual([
      'errors.ts',
      'index.ts',
      'native.ts',
      'pair-hash.ts',
      'sha256.ts',
      'sign.ts',
      'verdict-cache.ts',
      'verify.ts',
    ]);
  });
});
