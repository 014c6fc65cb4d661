import { type CborValue, fromHex, utf8Decode, utf8Encode } from '@varve/encoding';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { childSlotKey, familyKey } from '../src/coordination-path.ts';
import { encodeFamily } from '../src/coordination-state.ts';
import { builtinModules, childrenOf, coordinationKey, coordinationNodeIn, familyIn, isNodePath } from '../src/index.ts';
import { ada, cyd, dee, World } from './harness.ts';

const M = 'coordination';
const bytes = (text: string) => utf8Encode(text);
const value = (world: World, path: string) => {
  const entry = coordinationNodeIn(world, path);
  return entry && [utf8Decode(entry.bytes), entry.version];
};
const operation = (method: string, ...args: CborValue[]) => ({ module: M, method, arguments: args });

describe('paths', () => {
  it.each(['/', '/a', '/a/b', '/a.b/..c', '/ü/日本', '/a b', '/...'])('%j is one', (path) => {
    expect(isNodePath(path)).toBe(true);
  });

  it.each(['', 'a', 'a/b', '//', '/a/', '/a//b', '/.', '/a/./b', '/..', '/a/..', '/\ud800'])('%j is none', (path) => {
    expect(isNodePath(path)).toBe(false);
  });

  it('have parts, none of them empty, "." or ".."', () => {
    const part = fc.oneof(fc.constantFrom('', '.', '..', '...', '.a', 'a.', '\n', '.\n'), fc.string());
    const whole = (parts: readonly string[]) => parts.every((one) => one !== '' && one !== '.' && one !== '..');
    fc.assert(
      fc.property(fc.array(part, { minLength: 2, maxLength: 4 }), (parts) => {
        const path = `/${parts.join('/')}`;
        expect(isNodePath(path)).toBe(whole(path.slice(1).split('/')));
      }),
    );
  });

  it('give state keys of a tag and their UTF-8', () => {
    expect(coordinationKey('/ü')).toEqual(fromHex('6e2fc3bc'));
    expect(familyKey('/ü')).toEqual(fromHex('632fc3bc'));
    expect(childSlotKey('/ü', 0x0102_0304)).toEqual(fromHex('73010203042fc3bc'));
    expect(childSlotKey('/a', 0xfffe_fdfc)).toEqual(fromHex('73fffefdfc2f61'));
  });
});

describe('create', () => {
  it('makes a node at version 0 and returns its path', () => {
    const world = new World();
    const { outcome, results } = world.submit(ada, [operation('create', '/a', bytes('x'))]);
    expect(outcome.code).toBe('OK');
    expect(results).toEqual({ values: ['/a'], events: [{ module: M, topic: 'node-created', value: ['/a', 0] }] });
    expect(value(world, '/a')).toEqual(['x', 0]);
  });

  it.each([
    ['ROLE_MISSING', dee, ['/b', bytes('')]],
    ['NODE_EXISTS', ada, ['/a', bytes('')]],
    ['PARENT_MISSING', ada, ['/b/c', bytes('')]],
    ['PATH_MALFORMED', ada, ['/', bytes('')]],
    ['PATH_MALFORMED', ada, ['/a/', bytes('')]],
    ['ARGUMENTS_MALFORMED', ada, ['/b']],
    ['ARGUMENTS_MALFORMED', ada, ['/b', 'text']],
    ['ARGUMENTS_MALFORMED', ada, [7, bytes('')]],
    ['ARGUMENTS_MALFORMED', ada, ['/b', bytes(''), null]],
    ['KEY_TOO_LONG', ada, [`/${'b'.repeat(512)}`, bytes('')]],
    ['VALUE_TOO_LONG', ada, ['/b', new Uint8Array(32_769)]],
  ] as const)('fails with %s', (code, person, args) => {
    const world = new World();
    world.call(ada, M, 'create', '/a', bytes(''));
    const before = world.snapshot();
    expect(world.call(person, M, 'create', ...args)).toBe(code);
    expect(world.snapshot()).toEqual(before);
  });
});

describe('create-sequential', () => {
  it('counts per parent, whatever the prefix, and is not disturbed by deletions', () => {
    const world = new World();
    world.call(ada, M, 'create', '/q', bytes(''));
    expect(world.call(ada, M, 'create-sequential', '/q/', bytes('1'))).toBe('/q/0000000000');
    expect(world.call(cyd, M, 'create-sequential', '/q/n-', bytes('2'))).toBe('/q/n-0000000001');
    world.call(ada, M, 'delete', '/q/n-0000000001', null);
    expect(world.call(ada, M, 'create-sequential', '/q/n-', bytes('3'))).toBe('/q/n-0000000002');
    expect(world.call(ada, M, 'create-sequential', '/', bytes('4'))).toBe('/0000000000');
    expect(value(world, '/q')).toEqual(['', 0]);
    expect(familyIn(world, '/q')).toEqual({ children: 2, nextSequence: 3, slot: 0 });
  });

  it.each([
    ['ROLE_MISSING', dee, ['/n', bytes('')]],
    ['PARENT_MISSING', ada, ['/b/n', bytes('')]],
    ['PATH_MALFORMED', ada, ['n', bytes('')]],
    ['PATH_MALFORMED', ada, ['', bytes('')]],
    ['PATH_MALFORMED', ada, ['/a//', bytes('')]],
    ['ARGUMENTS_MALFORMED', ada, ['/n']],
    ['ARGUMENTS_MALFORMED', ada, [bytes('/n'), bytes('')]],
    ['NODE_EXISTS', ada, ['/taken-', bytes('')]],
  ] as const)('fails with %s', (code, person, args) => {
    const world = new World();
    world.call(ada, M, 'create', '/taken-0000000000', bytes(''));
    expect(world.call(person, M, 'create-sequential', ...args)).toBe(code);
  });

  it('ends when ten digits are used up', () => {
    const world = new World();
    world.call(ada, M, 'create', '/q', bytes(''));
    const key = [...world.entries].find(([, { module, key: k }]) => module === M && utf8Decode(k) === 'c/q');
    const [id, record] = key as NonNullable<typeof key>;
    const entry = (nextSequence: number) => ({
      ...record,
      entry: { ...record.entry, bytes: encodeFamily({ children: 0, nextSequence, slot: 0 }) },
    });
    world.entries.set(id, entry(9_999_999_999));
    expect(world.call(ada, M, 'create-sequential', '/q/', bytes(''))).toBe('/q/9999999999');
    expect(world.call(ada, M, 'create-sequential', '/q/', bytes(''))).toBe('SEQUENCE_EXHAUSTED');
  });
});

describe('set', () => {
  it('raises the version by one, which children do not touch', () => {
    const world = new World();
    world.call(ada, M, 'create', '/a', bytes('0'));
    expect(world.call(ada, M, 'set', '/a', bytes('1'), null)).toBe(1);
    world.call(ada, M, 'create', '/a/b', bytes(''));
    const { outcome, results } = world.submit(ada, [operation('set', '/a', bytes('2'), 1)]);
    expect(outcome.code).toBe('OK');
    expect(results).toEqual({ values: [2], events: [{ module: M, topic: 'node-set', value: ['/a', 2] }] });
    world.call(ada, M, 'delete', '/a/b', null);
    expect(value(world, '/a')).toEqual(['2', 2]);
  });

  it('starts from 0 again after a deletion', () => {
    const world = new World();
    world.call(ada, M, 'create', '/a', bytes('0'));
    world.call(ada, M, 'set', '/a', bytes('1'), null);
    world.call(ada, M, 'delete', '/a', 1);
    world.call(ada, M, 'create', '/a', bytes('2'));
    expect(value(world, '/a')).toEqual(['2', 0]);
  });

  it.each([
    ['ROLE_MISSING', dee, ['/a', bytes(''), null]],
    ['NODE_MISSING', ada, ['/b', bytes(''), null]],
    ['VERSION_MISMATCH', ada, ['/a', bytes(''), 1]],
    ['PATH_MALFORMED', ada, ['/', bytes(''), null]],
    ['PATH_MALFORMED', ada, ['a', bytes(''), null]],
    ['ARGUMENTS_MALFORMED', ada, ['/a', bytes('')]],
    ['ARGUMENTS_MALFORMED', ada, ['/a', bytes(''), 'one']],
  ] as const)('fails with %s', (code, person, args) => {
    const world = new World();
    world.call(ada, M, 'create', '/a', bytes(''));
    expect(world.call(person, M, 'set', ...args)).toBe(code);
  });
});

describe('delete', () => {
  it('removes every record of the node', () => {
    const world = new World();
    world.call(ada, M, 'create', '/a', bytes(''));
    const before = world.snapshot();
    world.call(ada, M, 'create', '/a/b', bytes(''));
    const { results } = world.submit(cyd, [operation('delete', '/a/b', 0)]);
    expect(results).toEqual({ values: [null], events: [{ module: M, topic: 'node-deleted', value: ['/a/b', 0] }] });
    // Only the version of the parent's bookkeeping tells that there was a child.
    const withoutVersions = (snapshot: unknown) => (snapshot as [string, number, string][]).map(([k, , v]) => [k, v]);
    expect(withoutVersions(world.snapshot())).toEqual(withoutVersions(before));
  });

  it.each([
    ['ROLE_MISSING', dee, ['/a', null]],
    ['NODE_MISSING', ada, ['/b', null]],
    ['VERSION_MISMATCH', ada, ['/a', 1]],
    ['NODE_NOT_EMPTY', ada, ['/a', null]],
    ['PATH_MALFORMED', ada, ['/', null]],
    ['PATH_MALFORMED', ada, ['/a/..', null]],
    ['ARGUMENTS_MALFORMED', ada, ['/a']],
  ] as const)('fails with %s', (code, person, args) => {
    const world = new World();
    world.call(ada, M, 'create', '/a', bytes(''));
    world.call(ada, M, 'create', '/a/b', bytes(''));
    expect(world.call(person, M, 'delete', ...args)).toBe(code);
  });
});

describe('check', () => {
  it.each([
    [0, ada, ['/a', null]],
    [0, ada, ['/a', 0]],
    [0, ada, ['/', null]],
    [0, ada, ['/', 0]],
    ['VERSION_MISMATCH', ada, ['/', 1]],
    ['VERSION_MISMATCH', ada, ['/a', 1]],
    ['NODE_MISSING', ada, ['/b', null]],
    ['ROLE_MISSING', dee, ['/a', null]],
    ['PATH_MALFORMED', ada, ['', null]],
    ['ARGUMENTS_MALFORMED', ada, ['/a']],
    ['ARGUMENTS_MALFORMED', ada, []],
  ] as const)('answers %s', (answer, person, args) => {
    const world = new World();
    world.call(ada, M, 'create', '/a', bytes(''));
    expect(world.call(person, M, 'check', ...args)).toBe(answer);
  });
});

describe('a transaction of several operations', () => {
  it('does all or nothing', () => {
    const world = new World();
    world.call(ada, M, 'create', '/a', bytes(''));
    const before = world.snapshot();
    const { outcome, results } = world.submit(ada, [
      operation('create', '/a/b', bytes('')),
      operation('set', '/a', bytes('1'), null),
      operation('delete', '/a/b', null),
      operation('check', '/a', 0),
    ]);
    expect([outcome.code, outcome.failedOperation]).toEqual(['VERSION_MISMATCH', 3]);
    expect(results).toEqual({ values: [], events: [] });
    expect(world.snapshot()).toEqual(before);
  });

  it('knows no other method or module', () => {
    const world = new World();
    expect(world.call(ada, M, 'watch', '/a')).toBe('OPERATION_UNKNOWN');
    expect(world.call(ada, 'zoo', 'create', '/a')).toBe('OPERATION_UNKNOWN');
    const context = {} as never;
    for (const module of builtinModules().values()) {
      expect(() => module.execute('watch', [], context)).toThrow(
        expect.objectContaining({ code: 'OPERATION_UNKNOWN' }),
      );
    }
  });
});

describe('childrenOf', () => {
  it('lists pages in slot order; the last child takes a deleted one’s place', () => {
    const world = new World();
    for (const name of ['a', 'b', 'c', 'd']) world.call(ada, M, 'create', `/${name}`, bytes(name));
    expect(childrenOf(world, '/', 3)).toEqual(['a', 'b', 'c']);
    expect(childrenOf(world, '/', 3, 'c')).toEqual(['d']);
    expect(childrenOf(world, '/', 3, 'd')).toEqual([]);
    world.call(ada, M, 'delete', '/b', null);
    expect(childrenOf(world, '/', 9)).toEqual(['a', 'd', 'c']);
    world.call(ada, M, 'delete', '/d', null);
    expect(childrenOf(world, '/', 9)).toEqual(['a', 'c']);
    world.call(ada, M, 'delete', '/a', null);
    world.call(ada, M, 'create', '/a', bytes('a'));
    expect(childrenOf(world, '/', 9)).toEqual(['c', 'a']);
    expect(childrenOf(world, '/a', 9)).toEqual([]);
  });

  it('knows no children of a missing node, nor a page after a stranger', () => {
    const world = new World();
    world.call(ada, M, 'create', '/a', bytes(''));
    world.call(ada, M, 'create', '/a/b', bytes(''));
    expect(childrenOf(world, '/x', 9)).toBeUndefined();
    expect(childrenOf(world, '/', 9, 'x')).toBeUndefined();
    expect(childrenOf(world, '/', 9, 'a/b')).toBeUndefined();
  });

  it('and versions agree with a plain tree over random histories, in a bounded number of changes', () => {
    const step = fc.record({
      method: fc.constantFrom('create', 'create', 'create-sequential', 'set', 'delete', 'delete'),
      path: fc
        .array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 3 })
        .map((parts) => `/${parts.join('/')}`),
      expected: fc.option(fc.integer({ min: 0, max: 2 })),
    });
    const history = (steps: (typeof step extends fc.Arbitrary<infer T> ? T : never)[]) => {
      const world = new World(false);
      const tree = new SlowTree();
      for (const { method, path, expected } of steps) {
        const args = method.startsWith('create') ? [path, bytes('v')] : [path, bytes('w'), expected];
        if (method === 'delete') args.splice(1, 1);
        const before = new Map([...world.entries].map(([id, { entry }]) => [id, entry]));
        expect(world.call(ada, M, method, ...args)).toBe(tree.call(method, path, expected));
        let changed = 0;
        for (const id of new Set([...before.keys(), ...world.entries.keys()])) {
          if (before.get(id) !== world.entries.get(id)?.entry) changed += 1;
        }
        expect(changed).toBeLessThanOrEqual(6);
      }
      for (const [path, version] of tree.versions) {
        if (path !== '/') expect(coordinationNodeIn(world, path)?.version).toBe(version);
        const listed = childrenOf(world, path, 1000) as string[];
        expect(new Set(listed)).toEqual(tree.children(path));
        const paged: string[] = [];
        for (let page = childrenOf(world, path, 2); page && page.length > 0; ) {
          paged.push(...page);
          page = childrenOf(world, path, 2, page.at(-1) as string);
        }
        expect(paged).toEqual(listed);
      }
    };
    fc.assert(fc.property(fc.array(step, { maxLength: 60, size: 'max' }), history), { numRuns: 60 });
  });
});

/** The rules again, with sets of whole paths. */
class SlowTree {
  readonly versions = new Map<string, number>([['/', 0]]);
  readonly counters = new Map<string, number>();

  children(path: string): Set<string> {
    const prefix = path === '/' ? '/' : `${path}/`;
    const names = [...this.versions.keys()]
      .filter((p) => p !== '/' && p.startsWith(prefix))
      .map((p) => p.slice(prefix.length));
    return new Set(names.filter((name) => !name.includes('/')));
  }

  call(method: string, path: string, expected: number | null): CborValue {
    const parent = path.slice(0, path.lastIndexOf('/')) || '/';
    if (method.startsWith('create')) {
      if (!this.versions.has(parent)) return 'PARENT_MISSING';
      const counter = this.counters.get(parent) ?? 0;
      const actual = method === 'create' ? path : path + `${counter}`.padStart(10, '0');
      if (this.versions.has(actual)) return 'NODE_EXISTS';
      if (method !== 'create') this.counters.set(parent, counter + 1);
      this.versions.set(actual, 0);
      return actual;
    }
    const version = this.versions.get(path);
    if (version === undefined) return 'NODE_MISSING';
    if (expected !== null && expected !== version) return 'VERSION_MISMATCH';
    if (method === 'set') {
      this.versions.set(path, version + 1);
      return version + 1;
    }
    if (this.children(path).size > 0) return 'NODE_NOT_EMPTY';
    this.versions.delete(path);
    this.counters.delete(path);
    return null;
  }
}
