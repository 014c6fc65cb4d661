import { createSigner, type Signer, verifySignature } from '@varve/crypto';
import {
  bytesEqual,
  configurationHash,
  type Height,
  height,
  type NodeId,
  nodeId,
  type PublicKeyHex,
  type TransactionId,
  toHex,
} from '@varve/encoding';
import {
  type Certificate,
  decodeTransaction,
  encodePayload,
  type Genesis,
  type Operation,
  PARAMETERS_DEFAULT,
  payloadIdOf,
  prepareTransaction,
  RULES_KNOWN,
  sealSignBytes,
  type Transaction,
  ZERO_HASH_HEX,
} from '@varve/ledger';
import {
  initialRecords,
  kindRange,
  type Ledger,
  LedgerLoader,
  RECORD_KIND,
  type RecordDamaged,
  RecordStore,
  type Store,
  skipCode,
  transactionOf,
} from '@varve/ledger/chain';
import { accountDirectory, accountIdOf, builtinModules } from '@varve/modules';
import type { Admission, Notice, TransactionState } from '@varve/validator';
import type { NodeService, NodeView } from '../../src/host/service.ts';

const epoch = { number: 1, node: nodeId('validator-1') };
export const signerOf = (name: string): Signer => createSigner(new TextEncoder().encode(name.padEnd(32, '.')));
const NAMES = ['validator-1', 'validator-2', 'validator-3'];
/** An account of the genesis document that may do anything. */
export const admin: Signer = signerOf('admin');

function genesis(time: number): Genesis {
  const key = (name: string): PublicKeyHex => toHex(signerOf(name).publicKey) as PublicKeyHex;
  return {
    title: 'test chain',
    time,
    configuration: {
      number: 0,
      parentHash: configurationHash(ZERO_HASH_HEX),
      protocol: 'raft',
      validators: NAMES.map((name) => ({
        name: nodeId(name),
        organization: 'acme',
        signingKey: key(name),
        networkKey: key(`net-${name}`),
      })),
      parameters: PARAMETERS_DEFAULT,
    },
    organizations: [{ name: 'acme', title: 'Acme' }],
    accounts: [{ publicKey: toHex(admin.publicKey) as PublicKeyHex, organization: 'acme', roles: ['admin', 'client'] }],
  };
}

class MemoryStore implements Store {
  readonly #records = new Map<string, { key: Uint8Array; value: Uint8Array }>();

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#records.get(toHex(key))?.value;
  }

  put(key: Uint8Array, value: Uint8Array | undefined): void {
    if (value) this.#records.set(toHex(key), { key, value });
    else this.#records.delete(toHex(key));
  }

  entries(): IterableIterator<{ key: Uint8Array; value: Uint8Array }> {
    return this.#records.values();
  }
}

/** A node of real parts without consensus: it executes what it is given when told, and its three validators seal. */
export class TestNode implements NodeService {
  ledger: Ledger;
  records: RecordStore;
  /** Whether submissions become final blocks by themselves. */
  automatic = true;
  poolMax = 10_000;
  barrierCode: string | undefined;
  changes: Partial<NodeView> = {};
  readonly damages: RecordDamaged[] = [];
  readonly #genesis: Genesis;
  readonly #store = new MemoryStore();
  readonly #pool = new Map<TransactionId, Transaction>();
  readonly #listeners = new Set<(notice: Notice) => void>();
  #index = 0;
  #scheduled = false;

  constructor(time: number = Date.now()) {
    const document = genesis(time);
    const modules = builtinModules();
    for (const { key, value } of initialRecords(document, modules.values(), new Uint8Array()))
      this.#store.put(key, value);
    this.#genesis = document;
    [this.ledger, this.records] = this.#load();
  }

  /** As after a restart: what was in memory alone is gone. */
  reopen(): void {
    [this.ledger, this.records] = this.#load();
  }

  #load(): [Ledger, RecordStore] {
    const loader = new LedgerLoader();
    for (const kind of [RECORD_KIND.header, RECORD_KIND.state]) {
      const { gte } = kindRange(kind);
      for (const { key, value } of this.#store.entries()) if (key[0] === gte[0]) loader.add(key, value);
    }
    const records = new RecordStore(this.#store);
    const surroundings = {
      modules: builtinModules(),
      accounts: accountDirectory,
      isSigned,
      rebuild: false,
      rulesKnown: RULES_KNOWN,
    };
    return [loader.finish(records, surroundings, this.#genesis).ledger, records];
  }

  view(): NodeView {
    return {
      name: epoch.node,
      networkKey: toHex(signerOf('net-validator-1').publicKey) as PublicKeyHex,
      bootId: 'boot-1',
      mode: 'validator',
      observerOnly: undefined,
      height: this.ledger.tip.header.height,
      finalHeight: this.ledger.finalHeight,
      engine: {
        role: 'leader',
        epoch,
        leader: epoch.node,
        lastIndex: this.#index,
        committed: this.#index,
        applied: this.#index,
        anchor: 0,
        inFlight: { payloads: 0, bytes: 0 },
        peers: [],
      },
      pool: { transactions: this.#pool.size, bytes: 0 },
      peers: [
        {
          networkKey: toHex(signerOf('net-validator-2').publicKey) as PublicKeyHex,
          name: nodeId('validator-2'),
          connected: true,
          height: 0,
          finalHeight: 0,
          heardMs: 10,
          clockOffsetMs: -3,
        },
      ],
      conditions: [],
      leaving: undefined,
      sealsMissing: ['validator-3' as NodeId],
      evidence: [],
      loopLagP99Ms: 1.5,
      bytesSent: 100,
      bytesReceived: 200,
      packetsSent: 3,
      packetsReceived: 4,
      cpuMicros: { total: 1_000_000 },
      ...this.changes,
    };
  }

  async submit(transactions: readonly Uint8Array[]): Promise<readonly Admission[]> {
    await Promise.resolve();
    const admissions = transactions.map((bytes) => this.#admit(new Uint8Array(bytes)));
    if (this.automatic && this.#pool.size > 0 && !this.#scheduled) {
      this.#scheduled = true;
      setImmediate(() => {
        this.#scheduled = false;
        this.commit();
        this.certify();
      });
    }
    return admissions;
  }

  async barrier(): Promise<Height> {
    if (this.barrierCode) throw Object.assign(new Error('no leader'), { code: this.barrierCode });
    return this.ledger.tip.header.height;
  }

  transactionState(id: TransactionId): TransactionState {
    const view = transactionOf(this.ledger, id);
    if (view === undefined) return { state: this.#pool.has(id) ? 'pending' : 'unknown' };
    const state = view.height <= this.ledger.finalHeight ? 'final' : 'committed';
    return { state, height: view.height, leafIndex: view.leafIndex, outcome: view.outcome };
  }

  watch(listener: (notice: Notice) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  reportDamage(error: RecordDamaged): void {
    this.damages.push(error);
  }

  /** Makes a block of everything that waits. */
  commit(): void {
    const content = {
      index: ++this.#index,
      epoch,
      time: Date.now(),
      transactions: [...this.#pool.values()].map(({ bytes }) => bytes),
    };
    this.#pool.clear();
    const bytes = encodePayload(content);
    const execution = this.ledger.begin(content, isSigned);
    execution.run(Number.MAX_SAFE_INTEGER);
    const made = this.ledger.finish(execution, { index: content.index, epoch, payload: payloadIdOf(bytes), bytes });
    this.#flush();
    if (made === undefined) return;
    const { header, hash } = made.sealed;
    this.tell({ kind: 'committed', height: header.height, hash, executed: execution.executed });
  }

  /** Makes everything final. */
  certify(): void {
    const { header, hash } = this.ledger.tip;
    if (header.height <= this.ledger.finalHeight) return;
    const message = sealSignBytes(this.ledger.chainId, this.ledger.configurationHash, header.height, hash);
    const certificate: Certificate = {
      height: header.height,
      blockHash: hash,
      configurationHash: this.ledger.configurationHash,
      signatures: [0, 1].map((validatorIndex) => ({
        validatorIndex,
        signature: signerOf(NAMES[validatorIndex] as string).sign(message),
      })),
    };
    this.ledger.certify(certificate);
    this.#flush();
    this.tell({ kind: 'final', height: header.height });
  }

  /** Drops what waits, as if it had expired. */
  discard(code: string): void {
    const transactions = [...this.#pool.keys()].map((id) => ({ id, code }));
    this.#pool.clear();
    this.tell({ kind: 'discarded', transactions });
  }

  /** A signed transaction of these operations. */
  sign(
    operations: readonly Operation[],
    changes: { validUntil?: number; signer?: Signer; chainId?: string } = {},
  ): Transaction {
    const signer = changes.signer ?? admin;
    const body = {
      chainId: (changes.chainId ?? this.ledger.chainId) as typeof this.ledger.chainId,
      account: accountIdOf(signer.publicKey),
      nonce: globalThis.crypto.getRandomValues(new Uint8Array(16)),
      validUntil: changes.validUntil ?? Date.now() + 60_000,
      operations,
    };
    const { signedBytes, assemble } = prepareTransaction(body, signer.publicKey);
    return assemble(signer.sign(signedBytes));
  }

  /** Executes one final block with one transaction. */
  async block(operations: readonly Operation[]): Promise<Transaction> {
    const transaction = this.sign(operations);
    this.automatic = false;
    await this.submit([transaction.bytes]);
    this.automatic = true;
    this.commit();
    this.certify();
    return transaction;
  }

  #admit(bytes: Uint8Array): Admission {
    const refuse = (id: TransactionId | undefined, code: string): Admission => ({
      admitted: false,
      id,
      code,
      retry: code === 'POOL_FULL' || code === 'TRANSACTION_CONFLICT' ? 'later' : 'never',
      detail: `refused: ${code}`,
    });
    let transaction: Transaction;
    try {
      transaction = decodeTransaction(bytes);
    } catch {
      return refuse(undefined, 'TRANSACTION_MALFORMED');
    }
    const { id } = transaction;
    const known = this.#pool.get(id)?.bytes ?? transactionOf(this.ledger, id)?.transaction.bytes;
    if (known)
      return bytesEqual(known, bytes) ? { admitted: true, id, known: true } : refuse(id, 'TRANSACTION_CONFLICT');
    const point = { height: height(this.ledger.tip.header.height + 1), time: Date.now() };
    const judged = skipCode(transaction, point, this.ledger, this.ledger.environment(isSigned));
    if (typeof judged === 'string') return refuse(id, judged);
    if (this.#pool.size >= this.poolMax) return refuse(id, 'POOL_FULL');
    this.#pool.set(id, transaction);
    return { admitted: true, id, known: false };
  }

  #flush(): void {
    for (const { key, value } of this.records.takeBatch()) this.#store.put(key, value);
    this.records.settle();
  }

  tell(notice: Notice): void {
    for (const listener of this.#listeners) listener(notice);
  }
}

function isSigned({ publicKey, signedBytes, signature }: Transaction): boolean {
  return verifySignature(publicKey, signedBytes, signature);
}

const utf8 = new TextEncoder();
let created = 0;

/** Creates a coordination node that no other call creates. */
export function createNode(path: string = `/node-${++created}`, value: string = 'value'): Operation {
  return { module: 'coordination', method: 'create', arguments: [path, utf8.encode(value)] };
}
