import { createSigner, sha256, verifySignature } from '@varve/crypto';
import { type AccountId, type CborValue, fromHex, nodeId, publicKeyHex, toHex, utf8Encode } from '@varve/encoding';
import {
  type ExecutedBlock,
  type GenesisModule,
  type IndexShape,
  initialRecords,
  type Ledger,
  LedgerLoader,
  type LoadReport,
  RecordStore,
  type Store,
  type StoreOperation,
} from '../src/chain.ts';
import {
  type AccountDirectory,
  type Certificate,
  CONFIGURATION_PARENT_NONE,
  chainIdOf,
  configurationHashOf,
  decodePayload,
  encodePayload,
  type Genesis,
  type Operation,
  OperationFailed,
  PARAMETERS_DEFAULT,
  payloadIdOf,
  prepareTransaction,
  RULES_KNOWN,
  type SealedHeader,
  type StateReader,
  sealSignBytes,
} from '../src/index.ts';

/** Secret key of RFC 8032 §7.1, test 1. */
export const SEED_1 = fromHex('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60');
export const T0 = 1_750_000_000_000;

export const signerOf = (number: number) => createSigner(new Uint8Array(32).fill(number));
export const ada = createSigner(SEED_1);
export const bob = signerOf(2);
export const accountIdOf = (publicKey: Uint8Array) => toHex(sha256(publicKey)) as AccountId;
/** Signers of the validators v1, v2, v3. */
const validators = [signerOf(11), signerOf(12), signerOf(13)];

const organizations = ['alpha', 'beta', 'gamma'];
export const genesis: Genesis = {
  title: 'Test chain',
  time: T0,
  configuration: {
    number: 0,
    parentHash: CONFIGURATION_PARENT_NONE,
    protocol: 'raft',
    validators: validators.map((validator, i) => ({
      name: nodeId(`v${i + 1}`),
      organization: organizations[i] as string,
      signingKey: publicKeyHex(toHex(validator.publicKey)),
      networkKey: publicKeyHex(toHex(signerOf(21 + i).publicKey)),
    })),
    parameters: PARAMETERS_DEFAULT,
  },
  organizations: organizations.map((name) => ({ name, title: name.toUpperCase() })),
  accounts: [
    { publicKey: publicKeyHex(toHex(ada.publicKey)), organization: 'alpha', roles: ['admin', 'client'] },
    { publicKey: publicKeyHex(toHex(bob.publicKey)), organization: 'beta', roles: ['client'] },
  ],
};
export const chain = chainIdOf(genesis);

/** State key in `notes` under which a public key is active. */
const keyOf = (publicKey: Uint8Array) => new Uint8Array([0x6b, ...publicKey]);
const asText = (value: CborValue | undefined) => utf8Encode(String(value));

/** A module that does as it is told, so that every path of execution can be taken. */
const notes: GenesisModule = {
  name: 'notes',
  methods: ['set', 'delete', 'fail', 'emit', 'return', 'schedule', 'cancel', 'deactivate', 'break'],
  genesis: (document) =>
    document.accounts.map(({ publicKey }) => ({
      module: 'notes',
      key: keyOf(fromHex(publicKey)),
      bytes: sha256(fromHex(publicKey)),
    })),
  execute(method, args, context) {
    const [first, second] = args;
    switch (method) {
      case 'set':
        return context.set(asText(first), asText(second)).version;
      case 'delete':
        context.delete(asText(first));
        return null;
      case 'fail':
        throw new OperationFailed(String(first));
      case 'emit':
        context.emit(String(first), second ?? null);
        return null;
      case 'return':
        return first ?? null;
      case 'schedule':
        context.schedule(Number(first), asText(second), String(args[2]), args.slice(3));
        return null;
      case 'cancel':
        context.cancel(Number(first), asText(second));
        return null;
      case 'deactivate':
        context.delete(keyOf(first as Uint8Array));
        return null;
      default:
        throw new TypeError('a broken module');
    }
  },
  /** Timers call the methods above; `then-fail` first writes and emits. */
  timer(method, args, context) {
    context.emit('fired', [method, ...args]);
    if (method === 'then-fail') {
      context.set(utf8Encode('lost'), utf8Encode('lost'));
      throw new OperationFailed('TIMER_FAILED');
    }
    notes.execute(method, args, context);
  },
};
export const modules: ReadonlyMap<string, GenesisModule> = new Map([[notes.name, notes]]);

export const accounts: AccountDirectory = {
  module: 'accounts',
  sender(state: StateReader, account: AccountId, publicKey: Uint8Array) {
    const entry = state.get('notes', keyOf(publicKey));
    if (entry === undefined || toHex(entry.bytes) !== account) return undefined;
    return { account, organization: 'alpha', roles: [] };
  },
};

export const operation = (method: string, ...args: CborValue[]): Operation => ({
  module: 'notes',
  method,
  arguments: args,
});

let nonces = 0;

/** A transaction of `signer`; every field can be set otherwise. */
export function transactionBytes(
  operations: readonly Operation[],
  { signer = ada, validUntil = T0 + 60_000, chainId = chain, account = accountIdOf(signer.publicKey), nonce = -1 } = {},
): Uint8Array {
  const nonceBytes = new Uint8Array(16);
  new DataView(nonceBytes.buffer).setUint32(0, nonce === -1 ? ++nonces : nonce);
  const body = { chainId, account, nonce: nonceBytes, validUntil, operations };
  const prepared = prepareTransaction(body, signer.publicKey);
  return prepared.assemble(signer.sign(prepared.signedBytes)).bytes;
}

/** A store in memory. */
export class MemoryStore implements Store {
  readonly records = new Map<string, Uint8Array>();

  get(key: Uint8Array): Uint8Array | undefined {
    return this.records.get(toHex(key));
  }

  write(batch: readonly StoreOperation[]): void {
    for (const { key, value } of batch) {
      if (value) this.records.set(toHex(key), value.slice());
      else this.records.delete(toHex(key));
    }
  }

  *range({ gte, lt }: { gte: Uint8Array; lt: Uint8Array }): Iterable<[Uint8Array, Uint8Array]> {
    for (const key of [...this.records.keys()].sort()) {
      if (key >= toHex(gte) && key < toHex(lt)) yield [fromHex(key), this.records.get(key) as Uint8Array];
    }
  }

  /** Changes one bit of a stored record. */
  damage(key: Uint8Array): void {
    const record = this.records.get(toHex(key));
    if (record === undefined) throw new TypeError('no such record');
    const copy = record.slice();
    copy[copy.length >> 1] = (copy[copy.length >> 1] as number) ^ 4;
    this.records.set(toHex(key), copy);
  }
}

export interface Surroundings {
  readonly genesis: Genesis;
  readonly modules: ReadonlyMap<string, GenesisModule>;
  readonly accounts: AccountDirectory;
  readonly index?: IndexShape;
}

/** Few transactions fill a segment, and few segments a level. */
export const SMALL_INDEX: IndexShape = { segmentIds: 4, pages: 4, fanOut: 2 };
const SURROUNDINGS: Surroundings = { genesis, modules, accounts, index: SMALL_INDEX };

export function initialized(surroundings: Surroundings = SURROUNDINGS): MemoryStore {
  const store = new MemoryStore();
  store.write(initialRecords(surroundings.genesis, surroundings.modules.values(), utf8Encode('test')));
  return store;
}

const isSigned = (t: { publicKey: Uint8Array; signedBytes: Uint8Array; signature: Uint8Array }) =>
  verifySignature(t.publicKey, t.signedBytes, t.signature);

export function load(
  store: MemoryStore,
  { rebuild = false, expected = genesis as Genesis | undefined, surroundings = SURROUNDINGS } = {},
): { ledger: Ledger; report: LoadReport } {
  const loader = new LedgerLoader();
  for (const range of LedgerLoader.ranges) for (const [key, record] of store.range(range)) loader.add(key, record);
  return loader.finish(
    new RecordStore(store),
    { ...surroundings, isSigned, rebuild, rulesKnown: RULES_KNOWN },
    expected,
  );
}

/** One validator's ledger on a store in memory, each block durable at once. */
export class Chain {
  readonly store: MemoryStore;
  ledger: Ledger;
  epoch = { number: 1, node: nodeId('v1') };
  readonly #surroundings: Surroundings;

  constructor(surroundings: Surroundings = SURROUNDINGS, store: MemoryStore = initialized(surroundings)) {
    this.#surroundings = surroundings;
    this.store = store;
    this.ledger = this.load().ledger;
  }

  load(options: { rebuild?: boolean } = {}): { ledger: Ledger; report: LoadReport } {
    return load(this.store, { ...options, expected: this.#surroundings.genesis, surroundings: this.#surroundings });
  }

  /** Opens the store anew. */
  reopen(options: { rebuild?: boolean } = {}): LoadReport {
    const { ledger, report } = this.load(options);
    this.ledger = ledger;
    this.flush();
    return report;
  }

  flush(): void {
    this.store.write(this.ledger.records.takeBatch());
    this.ledger.records.settle();
  }

  /** The payload of the next slot. */
  payload(transactions: readonly Uint8Array[], time: number): Uint8Array {
    return encodePayload({ index: this.ledger.applied + 1, epoch: this.epoch, time, transactions });
  }

  /** Executes one payload. */
  run(transactions: readonly Uint8Array[], time = T0) {
    const bytes = this.payload(transactions, time);
    const execution = this.ledger.begin(decodePayload(bytes), isSigned);
    execution.run(Number.MAX_SAFE_INTEGER);
    const index = this.ledger.applied + 1;
    const block = this.ledger.finish(execution, { index, epoch: this.epoch, payload: payloadIdOf(bytes), bytes });
    this.flush();
    return { execution, block };
  }

  /** Executes a payload of which something comes. */
  block(transactions: readonly Uint8Array[], time = T0): ExecutedBlock {
    const { block, execution } = this.run(transactions, time);
    if (block === undefined) throw new TypeError(`no block: ${execution.skipped.map((one) => one.code)}`);
    return block;
  }

  /** The codes of a block of one transaction with these operations. */
  outcome(operations: readonly Operation[], time = T0) {
    const { execution } = this.block([transactionBytes(operations, { validUntil: time + 1000 })], time);
    return execution.executed[0] as (typeof execution.executed)[number];
  }

  /** Certifies the tip with the seals of some validators. */
  certify(sealed: SealedHeader = this.ledger.tip, signers: readonly number[] = [0, 1]): Certificate {
    const certificate = certificateOf(sealed, signers);
    this.ledger.certify(certificate);
    this.flush();
    return certificate;
  }

  /** Values of `notes` as text, with their versions. */
  note(key: string): [string, number] | undefined {
    const entry = this.ledger.get('notes', utf8Encode(key));
    return entry && [new TextDecoder().decode(entry.bytes), entry.version];
  }
}

export function certificateOf({ header, hash }: SealedHeader, signers: readonly number[] = [0, 1]): Certificate {
  const signed = sealSignBytes(header.chainId, header.configurationHash, header.height, hash);
  return {
    height: header.height,
    blockHash: hash,
    configurationHash: header.configurationHash,
    signatures: signers.map((i) => ({
      validatorIndex: i,
      signature: (validators[i] as (typeof validators)[number]).sign(signed),
    })),
  };
}

/** `bytes` with one byte changed, for every byte and several changes. */
export function* mutations(bytes: Uint8Array, flips: readonly number[] = [0x01, 0x80, 0xff]): Iterable<Uint8Array> {
  for (let at = 0; at < bytes.length; at++) {
    for (const flip of flips) {
      const copy = bytes.slice();
      copy[at] = (copy[at] as number) ^ flip;
      yield copy;
    }
  }
}

/** What `decode` makes of `bytes`, or `undefined` where it refuses with one of our own coded errors. */
export function decodedOrRefused<T>(decode: (bytes: Uint8Array) => T, bytes: Uint8Array): T | undefined {
  try {
    return decode(bytes);
  } catch (error) {
    if (typeof (error as { code?: unknown }).code === 'string') return undefined;
    throw error;
  }
}

export const configurationOfGenesis = configurationHashOf(genesis.configuration);
