import { createSigner, verifySignature } from '@varve/crypto';
import { type CborValue, type Height, height, nodeId, publicKeyHex, toHex } from '@varve/encoding';
import {
  type ChainView,
  CONFIGURATION_PARENT_NONE,
  chainIdOf,
  decodeResults,
  type Genesis,
  type Operation,
  type Outcome,
  PARAMETERS_DEFAULT,
  prepareTransaction,
  type Results,
  type Role,
  type StateEntry,
  type StateReader,
} from '@varve/ledger';
import { Execution, genesisState } from '@varve/ledger/chain';
import { accountDirectory, accountIdOf, builtinModules } from '../src/index.ts';

/** An account with the key that signs for it. */
export class Person {
  readonly #signer;
  readonly organization: string;
  readonly roles: readonly Role[];

  constructor(number: number, organization: string, roles: readonly Role[]) {
    this.#signer = createSigner(new Uint8Array(32).fill(number));
    this.organization = organization;
    this.roles = roles;
  }

  get publicKey(): Uint8Array {
    return this.#signer.publicKey;
  }

  get id() {
    return accountIdOf(this.publicKey);
  }

  sign(bytes: Uint8Array): Uint8Array {
    return this.#signer.sign(bytes);
  }
}

export const ada = new Person(1, 'alpha', ['admin', 'client']);
export const bob = new Person(2, 'beta', ['admin', 'client']);
export const cyd = new Person(3, 'alpha', ['client']);
export const dee = new Person(4, 'beta', ['reader']);

/** The chain that every world begins with. */
export const genesis: Genesis = {
  title: 'modules',
  time: 1_000_000,
  configuration: {
    number: 0,
    parentHash: CONFIGURATION_PARENT_NONE,
    protocol: 'raft',
    validators: [
      {
        name: nodeId('v1'),
        organization: 'alpha',
        signingKey: publicKeyHex('aa'.repeat(32)),
        networkKey: publicKeyHex('bb'.repeat(32)),
      },
    ],
    parameters: PARAMETERS_DEFAULT,
  },
  organizations: [
    { name: 'alpha', title: 'Alpha' },
    { name: 'beta', title: 'Beta' },
  ],
  accounts: [ada, bob, cyd, dee].map((person) => ({
    publicKey: publicKeyHex(toHex(person.publicKey)),
    organization: person.organization,
    roles: person.roles,
  })),
};

/** What came of a transaction. */
export interface Answer {
  readonly outcome: Outcome;
  readonly results: Results;
}

/** A state that transactions of the real modules change, one block each, without consensus and disks. */
export class World implements StateReader {
  readonly entries = new Map<string, { module: string; key: Uint8Array; entry: StateEntry }>();
  height = 0;
  /** Of the next block. */
  time: number;
  #nonce = 0;
  readonly #signed: boolean;

  /**
   * @param signed - Whether signatures are made and checked; false for long histories.
   * @param origin - What it begins with.
   */
  constructor(signed = true, origin: Genesis = genesis) {
    this.#signed = signed;
    this.time = origin.time;
    this.chain = {
      chainId: chainIdOf(origin),
      configuration: origin.configuration,
      organizations: origin.organizations.map(({ name }) => name),
      isBlock: () => false,
    };
    for (const { module, key, bytes } of genesisState(origin, builtinModules().values())) {
      this.#put(module, key, { version: 0, modifiedHeight: 0, bytes });
    }
  }

  get(module: string, key: Uint8Array): StateEntry | undefined {
    return this.entries.get(`${module}/${toHex(key)}`)?.entry;
  }

  #put(module: string, key: Uint8Array, entry: StateEntry | undefined): void {
    const id = `${module}/${toHex(key)}`;
    if (entry) this.entries.set(id, { module, key, entry });
    else this.entries.delete(id);
  }

  /** Everything a transaction could have changed. */
  snapshot(): unknown {
    return [...this.entries].map(([id, { entry }]) => [id, entry.version, toHex(entry.bytes)]).sort();
  }

  /** What operations of the next block see of the chain; a block that changes the configuration hands over at once. */
  chain: ChainView;

  /** Has a transaction executed in a block of its own. */
  submit(person: Person, operations: readonly Operation[]): Answer {
    return this.submitAll([[person, operations]])[0] as Answer;
  }

  /** Has transactions executed in one block. */
  submitAll(all: readonly (readonly [person: Person, operations: readonly Operation[]])[]): readonly Answer[] {
    const transactions = all.map(([person, operations]) => this.#transaction(person, operations));
    this.height += 1;
    const point = { height: height(this.height) as Height, time: this.time };
    const execution = new Execution(transactions, point, this, [], {
      chain: this.chain,
      modules: builtinModules(),
      accounts: accountDirectory,
      isKnown: () => false,
      isSigned: (t) => !this.#signed || verifySignature(t.publicKey, t.signedBytes, t.signature),
    });
    execution.run(transactions.length);
    for (const change of [...execution.changes()]) this.#put(change.module, change.key, change.after);
    const configuration = execution.nextConfiguration;
    if (configuration) this.chain = { ...this.chain, configuration };
    if (execution.skipped.length > 0) throw new TypeError(`skipped: ${execution.skipped[0]?.code}`);
    return execution.executed.map(({ outcome, results }) => ({ outcome, results: decodeResults(results) }));
  }

  #transaction(person: Person, operations: readonly Operation[]): Uint8Array {
    const nonce = new Uint8Array(16);
    new DataView(nonce.buffer).setUint32(0, ++this.#nonce);
    const body = {
      chainId: this.chain.chainId,
      account: person.id,
      nonce,
      validUntil: this.time + 1000,
      operations,
    };
    const prepared = prepareTransaction(body, person.publicKey);
    const signature = this.#signed ? person.sign(prepared.signedBytes) : new Uint8Array(64);
    return prepared.assemble(signature).bytes;
  }

  /** Submits one operation; returns the code where it failed, else the value. */
  call(person: Person, module: string, method: string, ...args: CborValue[]): CborValue {
    const { outcome, results } = this.submit(person, [{ module, method, arguments: args }]);
    return outcome.code === 'OK' ? (results.values[0] as CborValue) : outcome.code;
  }
}
