import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, matchesGlob, relative, sep } from 'node:path';
import { describe, expect, it } from 'vitest';
import { APART } from './support/apart.ts';

const root = join(import.meta.dirname, '..');

/** Which workspace packages each one may import (DESIGN §3); `chain`, `files` and `testing` are their subpaths. */
const IMPORTS: Readonly<Record<string, readonly string[]>> = {
  encoding: [],
  crypto: ['encoding'],
  merkle: ['encoding', 'crypto'],
  consensus: ['encoding'],
  ledger: ['encoding', 'crypto', 'merkle', 'consensus'],
  modules: ['encoding', 'crypto', 'ledger', 'consensus'],
  raft: ['encoding', 'consensus'],
  paxos: ['encoding', 'consensus'],
  zab: ['encoding', 'consensus'],
  tendermint: ['encoding', 'consensus'],
  validator: ['encoding', 'crypto', 'merkle', 'consensus', 'ledger', 'modules'],
  simulation: [
    'encoding',
    'crypto',
    'consensus',
    'ledger',
    'modules',
    'raft',
    'paxos',
    'zab',
    'tendermint',
    'validator',
  ],
  verify: ['encoding', 'crypto', 'merkle', 'ledger', 'consensus'],
  audit: ['encoding', 'crypto', 'merkle', 'ledger', 'consensus'],
  client: ['encoding', 'crypto', 'ledger', 'consensus'],
};

/** What only a package's `src/testing` may import beyond that. */
const TESTING_IMPORTS: Readonly<Record<string, readonly string[]>> = { consensus: ['crypto'] };

/** Packages that must run unchanged in the simulator: no clock, randomness, timers, sockets or files. */
const CORES = [
  'encoding',
  'merkle',
  'consensus',
  'ledger',
  'modules',
  'raft',
  'paxos',
  'zab',
  'tendermint',
  'validator',
  'audit',
];
const BANNED =
  /\b(Date\.now|new Date\b|Math\.random|setTimeout|setInterval|setImmediate|performance\.now|randomBytes|getRandomValues|node:(?:net|fs|http|https|dgram|worker_threads|child_process|crypto|timers))/;
/** Pure calls into Node that a core may make: a checksum. */
const PURE_NODE_MODULES = ['node:zlib'];
/** Packages that browsers load: nothing of Node at all on their main entry. */
const BROWSER = ['encoding', 'merkle', 'consensus', 'verify', 'client'];

/** What a test that shares its process with others must not do: change what they see, or start what may outlive it. */
const NOT_TOGETHER = [
  /\bvi\.(stubGlobal|mock|doMock|hoisted|resetModules|useFakeTimers|setSystemTime)\b/,
  /\bprocess\.(chdir|exit|on|once|umask)\(/,
  /\bprocess\.env[\w.[\]']* = |\bdelete process\.env|\bglobalThis[\w.[\]']* = |\.prototype\.\w+ = /,
  /\bnode:(child_process|cluster|v8|worker_threads)\b/,
];
/** What a file that several tests import must not do: only the first would see it. */
const HOOKS = /^(beforeAll|beforeEach|afterAll|afterEach|expect\.extend|vi\.setConfig)\(/m;

const SOURCE_LINES_MAX = 400;
const TEST_LINES_MAX = 600;

function filesBelow(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    if (['node_modules', 'dist', 'dist-types', 'generated'].includes(name)) return [];
    const path = join(folder, name);
    if (statSync(path).isDirectory()) return filesBelow(path);
    return /\.tsx?$/.test(name) ? [path] : [];
  });
}

interface Source {
  readonly path: string;
  readonly area: string;
  readonly package: string;
  readonly isTest: boolean;
  readonly text: string;
}

const sources: readonly Source[] = ['packages', 'apps', 'test', 'bench', 'examples'].flatMap((area) => {
  let files: string[] = [];
  try {
    files = filesBelow(join(root, area));
  } catch {
    return [];
  }
  return files.map((file) => {
    const path = relative(root, file);
    const parts = path.split(sep);
    return {
      path,
      area,
      package: parts[1] ?? '',
      isTest: area === 'test' || parts[2] === 'test',
      text: readFileSync(file, 'utf8'),
    };
  });
});

function isTesting(source: Source): boolean {
  return source.path.split(sep).slice(2, 4).join('/') === 'src/testing';
}

function importsOf(source: Source): string[] {
  return [...source.text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1] ?? '');
}

describe('sources', () => {
  it('are found', () => {
    expect(sources.length).toBeGreaterThan(100);
  });

  it.each(sources.map((source) => [source.path, source] as const))(
    '%s has one concept of bounded size',
    (_, source) => {
      const lines = source.text.split('\n').length - 1;
      expect(lines).toBeLessThanOrEqual(source.isTest ? TEST_LINES_MAX : SOURCE_LINES_MAX);
    },
  );

  it('are named in kebab-case, for what they hold', () => {
    const misnamed = sources.filter(({ path }) => {
      const name = path.split(sep).at(-1) ?? '';
      return (
        !/^[a-z0-9]+(-[a-z0-9]+)*(\.(test|bench|config))?\.tsx?$/.test(name) ||
        /^(utils|types|helpers|misc|common)\./.test(name)
      );
    });
    expect(misnamed.map(({ path }) => path)).toEqual([]);
  });

  it('import only inward', () => {
    const wrong: string[] = [];
    for (const source of sources) {
      if (source.area !== 'packages' || source.isTest) continue;
      const rule = IMPORTS[source.package];
      if (rule === undefined) throw new Error(`${source.package} has no rule in this test`);
      const allowed = isTesting(source) ? [...rule, ...(TESTING_IMPORTS[source.package] ?? [])] : rule;
      for (const target of importsOf(source)) {
        const match = /^@varve\/([a-z]+)/.exec(target);
        if (match && !allowed.includes(match[1] ?? '')) wrong.push(`${source.path}: ${target}`);
        if (!isTesting(source) && source.package !== 'simulation' && /testing(\/|$)/.test(target))
          wrong.push(`${source.path}: ${target}`);
        if (target.startsWith('../../') || target.includes('apps/')) wrong.push(`${source.path}: ${target}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it('in cores read no clock, randomness, timer, socket or file', () => {
    const wrong: string[] = [];
    for (const source of sources) {
      if (source.area !== 'packages' || source.isTest || !CORES.includes(source.package)) continue;
      source.text.split('\n').forEach((line, i) => {
        if (BANNED.test(line) && !/^\s*(\*|\/\/|\/\*\*)/.test(line))
          wrong.push(`${source.path}:${i + 1}: ${line.trim()}`);
      });
      for (const target of importsOf(source)) {
        if (target.startsWith('node:') && !PURE_NODE_MODULES.includes(target)) wrong.push(`${source.path}: ${target}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it('for browsers import nothing of Node', () => {
    const wrong = sources.flatMap((source) => {
      if (source.area !== 'packages' || source.isTest || !BROWSER.includes(source.package)) return [];
      return importsOf(source)
        .filter((target) => target.startsWith('node:'))
        .map((target) => `${source.path}: ${target}`);
    });
    expect(wrong).toEqual([]);
  });

  it('have no `any`, non-null assertion, enum, namespace or left-over', () => {
    const wrong: string[] = [];
    for (const source of sources) {
      if (source.isTest) continue;
      source.text.split('\n').forEach((line, i) => {
        if (
          /^\s*(\*|\/\/|\/\*\*)/.test(line)
            ? /\b(TODO|FIXME|XXX)\b/.test(line)
            : /(: any\b|as any\b|<any>|@ts-ignore|^\s*(export )?(enum|namespace) )/.test(line)
        ) {
          wrong.push(`${source.path}:${i + 1}: ${line.trim()}`);
        }
      });
    }
    expect(wrong).toEqual([]);
  });

  it('name their exports by hand', () => {
    const wrong = sources.filter(({ text, path }) => /^export \* /m.test(text) && !path.endsWith('.config.ts'));
    expect(wrong.map(({ path }) => path)).toEqual([]);
  });

  it('of tests that share a process leave nothing behind for the next', () => {
    const patterns = APART.map((pattern) => pattern.replace(/\*\*$/, '**/*'));
    const shared = sources.filter(
      ({ path, isTest }) => isTest && !patterns.some((pattern) => matchesGlob(path, pattern)),
    );
    expect(shared.length).toBeGreaterThan(100);
    const wrong = shared.flatMap(({ path, text }) => {
      const found = NOT_TOGETHER.filter((pattern) => pattern.test(text)).map((pattern) => `${path}: ${pattern}`);
      if (!path.endsWith('.test.ts') && HOOKS.test(text)) found.push(`${path}: ${HOOKS}`);
      if (text.includes('vi.stubEnv') && !text.includes('vi.unstubAllEnvs')) found.push(`${path}: vi.stubEnv`);
      return found;
    });
    expect(wrong).toEqual([]);
  });
});
