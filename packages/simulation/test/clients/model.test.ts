import { height, toHex } from '@varve/encoding';
import { chainIdOf, prepareTransaction, type StateEntry, type StateReader } from '@varve/ledger';
import { Execution, genesisState } from '@varve/ledger/chain';
import { accountDirectory, accountIdOf, assetIn, balanceIn, builtinModules, coordinationNodeIn } from '@varve/modules';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Model, type PathWrite, type Request } from '../../src/clients/model.ts';
import { ASSET, drawRequests, operationOf } from '../../src/clients/requests.ts';
import { Dice } from '../../src/world/dice.ts';
import { simulatedGenesis } from '../../src/world/genesis.ts';
import { type Key, standInSignatures } from '../../src/world/keys.ts';
import { WALL_START } from '../../src/world/node.ts';

const admin = standInSignatures.key('admin');
const clients = [1, 2, 3].map((i) => standInSignatures.key(`client ${i}`));
const accounts = clients.map(({ publicKey }) => accountIdOf(publicKey));
const genesis = simulatedGenesis('raft', 1, standInSignatures, { admin, clients });
const chainId = chainIdOf(genesis);
const modules = builtinModules();
const PATHS = ['/k0', '/k1', '/k2', '/k3', '/k4', '/k5'];

/** The real modules on the state of a new chain, one block for each transaction. */
class Chain implements StateReader {
  readonly #entries = new Map<string, StateEntry>();
  #height = 0;

  constructor() {
    for (const { module, key, bytes } of genesisState(genesis, modules.values())) {
      this.#entries.set(`${module}/${toHex(key)}`, { version: 0, modifiedHeight: 0, bytes });
    }
  }

  get(module: string, key: Uint8Array): StateEntry | undefined {
    return this.#entries.get(`${module}/${toHex(key)}`);
  }

  /** The code of the outcome. */
  execute(key: Key, requests: readonly Request[]): string {
    this.#height += 1;
    const nonce = new Uint8Array(16);
    new DataView(nonce.buffer).setUint32(0, this.#height);
    const account = accountIdOf(key.publicKey);
    const body = { chainId, account, nonce, validUntil: WALL_START + 1000, operations: requests.map(operationOf) };
    const { signedBytes, assemble } = prepareTransaction(body, key.publicKey);
    const { bytes } = assemble(key.sign(signedBytes));
    const execution = new Execution([bytes], { height: height(this.#height), time: WALL_START }, this, [], {
      chain: { chainId, configuration: genesis.configuration, organizations: [], isBlock: () => false },
      modules,
      accounts: accountDirectory,
      isKnown: () => false,
      isSigned: (transaction) =>
        standInSignatures.rule(transaction.publicKey, transaction.signedBytes, transaction.signature),
    });
    execution.run(1);
    for (const { module, key: at, after } of [...execution.changes()]) {
      const id = `${module}/${toHex(at)}`;
      if (after) this.#entries.set(id, after);
      else this.#entries.delete(id);
    }
    return execution.executed[0]?.outcome.code ?? `skipped: ${execution.skipped[0]?.code}`;
  }

  /** Value and version of a path. */
  path(path: string): { readonly value: string; readonly version: number } | undefined {
    const entry = coordinationNodeIn(this, path);
    return entry && { value: Buffer.from(entry.bytes).toString('utf8'), version: entry.version };
  }
}

/** Chain and model, told the same. */
class Both {
  readonly chain: Chain = new Chain();
  readonly model: Model = new Model(genesis.configuration);

  submit(key: Key, requests: readonly Request[]): string {
    const before = new Map(PATHS.map((path) => [path, this.chain.path(path)]));
    const { code, writes } = this.model.apply(accountIdOf(key.publicKey), requests, 1);
    expect(this.chain.execute(key, requests), JSON.stringify(requests)).toBe(code);
    this.#compare(before, writes);
    return code;
  }

  #compare(before: ReadonlyMap<string, unknown>, writes: readonly PathWrite[]): void {
    for (const path of PATHS) {
      const node = this.chain.path(path);
      expect(this.model.version(path), path).toBe(node?.version);
      const write = writes.find(({ key }) => key === path);
      if (write) expect(write.value, path).toBe(node?.value ?? null);
      else expect(before.get(path), `${path} changed`).toEqual(node);
    }
    for (const account of accounts) {
      expect(balanceIn(this.chain, ASSET, account)).toBe(BigInt(this.model.balances.get(account) ?? 0));
    }
    const { balances, supply } = this.model;
    expect(assetIn(this.chain, ASSET)?.supply ?? 0n).toBe(BigInt(supply));
    expect([...balances.values()].reduce((sum, held) => sum + held, 0)).toBe(supply);
  }
}

const path = fc.constantFrom(...PATHS.slice(0, 3));
const version = fc.option(fc.nat(3));
const value = fc.constantFrom('', 'x', 'Zürich');
const asset = fc.constantFrom(ASSET, ASSET, ASSET, 'tin');
const to = fc.constantFrom(...accounts);
/** So few that a balance is often spent to the last. */
const amount = fc.constantFrom(1, 10, 20, 100);

/** What clients may ask for, whether it can succeed or not. */
const request: fc.Arbitrary<Request> = fc.oneof(
  fc.record({ kind: fc.constant('create'), path, value }),
  fc.record({ kind: fc.constant('set'), path, value, version }),
  fc.record({ kind: fc.constant('delete'), path, version }),
  fc.record({ kind: fc.constant('check'), path, version }),
  fc.record({ kind: fc.constant('transfer'), asset, to, amount }),
);
/** What only the admin may ask for. Of assets only one is ever defined: the model knows no more. */
const adminRequest: fc.Arbitrary<Request> = fc.oneof(
  request,
  fc.record({ kind: fc.constant('define'), asset: fc.constant(ASSET) }),
  fc.record({ kind: fc.constant('issue'), asset, to, amount }),
);
const transaction: fc.Arbitrary<readonly [Key, readonly Request[]]> = fc.oneof(
  { weight: 1, arbitrary: fc.tuple(fc.constant(admin), fc.array(adminRequest, { minLength: 1, maxLength: 4 })) },
  { weight: 3, arbitrary: fc.tuple(fc.constantFrom(...clients), fc.array(request, { minLength: 1, maxLength: 4 })) },
);

describe('the model of the modules', () => {
  it('agrees with them on every outcome, value, version and balance', () => {
    const codes = new Map<string, number>();
    const count = (code: string): void => void codes.set(code, (codes.get(code) ?? 0) + 1);
    fc.assert(
      fc.property(fc.array(transaction, { minLength: 10, maxLength: 40 }), (transactions) => {
        const both = new Both();
        count(both.submit(admin, [{ kind: 'define', asset: ASSET }]));
        for (const [key, requests] of transactions) count(both.submit(key, requests));
      }),
      { numRuns: 60 },
    );
    const all = [...codes.values()].reduce((sum, n) => sum + n, 0);
    expect(all).toBeGreaterThan(500);
    const met = [
      'ASSET_EXISTS',
      'ASSET_UNKNOWN',
      'FUNDS_INSUFFICIENT',
      'NODE_EXISTS',
      'NODE_MISSING',
      'VERSION_MISMATCH',
    ];
    expect([...codes.keys()].sort()).toEqual([...met, 'OK'].sort());
    expect(codes.get('OK')).toBeGreaterThan(all / 10);
  });

  it('knows nothing of assets that were not defined', () => {
    const both = new Both();
    for (const kind of ['issue', 'transfer'] as const) {
      expect(both.submit(admin, [{ kind, asset: ASSET, to: accounts[0] ?? '', amount: 1 }])).toBe('ASSET_UNKNOWN');
    }
  });

  it('takes back what a failing transaction did first', () => {
    const both = new Both();
    expect(both.submit(admin, [{ kind: 'create', path: '/k0', value: 'x' }])).toBe('OK');
    const requests: Request[] = [
      { kind: 'set', path: '/k0', value: 'y', version: 0 },
      { kind: 'delete', path: '/k0', version: 1 },
      { kind: 'check', path: '/k0', version: null },
    ];
    expect(both.submit(admin, requests)).toBe('NODE_MISSING');
    expect(both.chain.path('/k0')).toEqual({ value: 'x', version: 0 });
  });
});

describe('what simulated clients ask for', () => {
  it('mostly succeeds, sometimes not, and agrees too', () => {
    const both = new Both();
    both.submit(admin, [{ kind: 'define', asset: ASSET }]);
    for (const to of accounts) both.submit(admin, [{ kind: 'issue', asset: ASSET, to, amount: 1000 }]);
    const dice = new Dice('requests');
    const codes = Array.from({ length: 500 }, (_, i) =>
      both.submit(dice.pick(clients), drawRequests(dice, both.model, accounts, `v${i}`)),
    );
    const succeeded = codes.filter((code) => code === 'OK').length;
    expect(succeeded).toBeGreaterThan(300);
    expect(succeeded).toBeLessThan(500);
    expect(new Set(codes).size).toBeGreaterThanOrEqual(3);
  });
});
