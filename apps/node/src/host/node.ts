import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { ENGINE_TIMING_DEFAULT, ENGINE_WINDOW_DEFAULT } from '@varve/consensus';
import { createSigner, VERDICTS_MAX, verifySignature } from '@varve/crypto';
import { BatchVerifier } from '@varve/crypto/batch';
import { bytesEqual, type PublicKeyHex, toHex } from '@varve/encoding';
import { type Genesis, RULES_KNOWN } from '@varve/ledger';
import { StoreError as LedgerStoreError } from '@varve/ledger/chain';
import { accountDirectory, builtinModules } from '@varve/modules';
import {
  type LoadedStore,
  type LogLine,
  POOL_LIMITS_DEFAULT,
  type PoolLimits,
  Validator,
  ValidatorLoader,
} from '@varve/validator';
import type { Logger } from 'pino';
import { Network } from '../network/index.ts';
import type { SignatureMode } from '../setup/signature-mode.ts';
import { LevelStore } from '../storage/index.ts';
import { admittedPeers } from './admitted-peers.ts';
import { DiskWatch } from './disk-watch.ts';
import { engineOf } from './engines.ts';
import { NodeError } from './errors.ts';
import { EventLoop, instant } from './event-loop.ts';
import { identityOf, STORE_FOLDER } from './initialize.ts';
import { type NodeEnd, NodeParts } from './node-parts.ts';
import type { NodeService } from './service.ts';
import { ServiceHost } from './service-host.ts';
import { Verifier } from './verifier.ts';
import { startSignatureWorker, VerifierThread } from './verifier-thread.ts';

/** What a node is started with. */
export interface NodeOptions {
  /** Holds the database in `store/`. */
  readonly dataDirectory: string;
  /** 32-byte seeds; without a signing seed the node observes. */
  readonly keys: { readonly networkSeed: Uint8Array; readonly signingSeed: Uint8Array | undefined };
  /** When given, the store must be of this chain. */
  readonly genesis: Genesis | undefined;
  /** libp2p multiaddrs. */
  readonly listen: readonly string[];
  readonly peers: readonly { readonly networkKey: PublicKeyHex; readonly address: string }[];
  readonly http: { readonly host: string; readonly port: number; readonly token?: string } | undefined;
  readonly logger: Logger;
  /** Execute all blocks again and write what is derived from them anew. */
  readonly rebuild: boolean;
  /** Whether signatures are judged many at once, which is cheaper, or one by one. The verdicts are the same. */
  readonly signatures: SignatureMode;
  /** Whether that is done on a thread of its own. */
  readonly isSignatureThread: boolean;
  readonly pool?: Partial<PoolLimits>;
  /** Free disk space below which no transactions are taken, bytes. */
  readonly diskFreeBytesMin?: number;
  readonly onProgress?: (text: string) => void;
}

/** A node that runs. */
export interface RunningNode {
  readonly service: NodeService;
  readonly httpUrl: string | undefined;
  /** Where peers reach it. */
  readonly addresses: readonly string[];
  /** Resolves when the node ended: with the reason if by itself, with nothing if it was stopped. */
  readonly closed: Promise<NodeEnd | undefined>;
  stop(): Promise<void>;
}

/** The built explorer, beside this package in the repository. */
const EXPLORER_FOLDER = join(import.meta.dirname, '..', '..', '..', 'explorer', 'dist');
/** How long a leader waits for another to take over before it stops, milliseconds. */
const HANDOVER_MS = 500;

/**
 * Starts a node on an initialized data directory.
 * @throws `StoreError` of the storage or the ledger, `NetworkError`, `NodeError`, `NodeFailed`, or the API's error: each with a code.
 */
export async function startNode(options: NodeOptions): Promise<RunningNode> {
  const { logger } = options;
  const progress = options.onProgress ?? ((): void => undefined);
  progress('opening the database');
  const store = await LevelStore.open(join(options.dataDirectory, STORE_FOLDER));
  const parts = new NodeParts();
  parts.add({ stop: () => store.close() });
  try {
    progress('reading the ledger');
    const loaded = await load(store, options);
    const networkKey = toHex(createSigner(options.keys.networkSeed).publicKey) as PublicKeyHex;
    checkIdentity(loaded, networkKey);
    const { signingSeed } = options.keys;
    const signers = signingSeed ? [createSigner(signingSeed)] : [];
    const bootId = toHex(randomBytes(16));
    const validator = new Validator(
      loaded,
      {
        networkKey,
        signingKeys: signers.map((signer) => toHex(signer.publicKey) as PublicKeyHex),
        protocols: engineOf,
        timing: ENGINE_TIMING_DEFAULT,
        window: ENGINE_WINDOW_DEFAULT,
        pool: { ...POOL_LIMITS_DEFAULT, ...options.pool },
        signatureRule: verifySignature,
        bootId,
        salt: toHex(randomBytes(16)),
        verdictsMax: VERDICTS_MAX,
      },
      instant(),
    );
    const disk = await DiskWatch.start(options.dataDirectory, options.diskFreeBytesMin);
    parts.add(disk);
    let network: Network | undefined;
    let service: ServiceHost | undefined;
    const failed = (code: string, detail: string): void => {
      if (!parts.fail(code, detail)) return;
      logger.fatal({ code, detail }, 'the node stops');
      service?.stop();
    };
    const isBatch = judgesInBatches(options);
    const batch = isBatch && !options.isSignatureThread ? await BatchVerifier.create() : undefined;
    const loop = new EventLoop({
      validator,
      store,
      signers,
      judge: (done) =>
        options.isSignatureThread
          ? new VerifierThread(startSignatureWorker(isBatch), done, (reason) => failed('THREAD_FAILED', reason))
          : new Verifier(batch, done),
      answered: (answer) => service?.answered(answer),
      noticed: (notice) => {
        if (notice.kind === 'log') writeLog(logger, notice.line);
        if (notice.kind === 'admission' || notice.kind === 'configuration') network?.reviewPeers();
        service?.noticed(notice);
      },
      misbehaved: (peer) => network?.disconnect(peer),
      failed,
    });
    parts.add(loop);
    service = new ServiceHost(
      validator,
      loop,
      () => network,
      { networkKey, bootId },
      () => disk.isLow,
    );
    const host = service;
    parts.add(host);
    progress('joining the network');
    const configured = new Set<string>(options.peers.map((peer) => peer.networkKey));
    network = await Network.start({
      networkSeed: options.keys.networkSeed,
      listen: options.listen,
      chainId: loaded.ledger.chainId,
      isAdmitted: admittedPeers(loaded.ledger, configured, failed),
      onPacket: (from, packet) => loop.deliver({ kind: 'packet', from, bytes: packet }),
      onLink: (peer, up) => {
        logger.info({ peer, up }, up ? 'connected' : 'disconnected');
        loop.deliver({ kind: 'link', peer, up });
      },
      onGossip: (from, topic, bytes) => {
        loop.deliver({ kind: 'gossip', from, topic, bytes });
        return true;
      },
      onRefused: (peer, reason) => logger.warn({ peer, reason }, 'connection refused'),
    });
    const running = network;
    parts.add(running);
    parts.demandRunning();
    loop.connect(running);
    running.setPeers(options.peers);
    loop.deliver({ kind: 'timer' });
    const api = options.http && (await serve(host, options.http, logger));
    if (api) parts.add({ stop: () => api.close() });
    parts.demandRunning();
    logger.info({ http: api?.address, addresses: running.addresses, networkKey }, 'node started');
    return {
      service: host,
      httpUrl: api?.address,
      addresses: running.addresses,
      closed: parts.closed,
      stop: async () => {
        if (validator.status().engine?.role === 'leader') {
          loop.deliver({ kind: 'retire' });
          await until(() => validator.status().engine?.role !== 'leader', HANDOVER_MS);
        }
        await parts.stop();
      },
    };
  } catch (error) {
    await parts.stop();
    throw error;
  }
}

async function load(store: LevelStore, options: NodeOptions): Promise<LoadedStore> {
  const loader = new ValidatorLoader();
  for (const range of ValidatorLoader.ranges) {
    for await (const page of store.pages(range)) for (const [key, value] of page) loader.add(key, value);
  }
  return loader.finish(
    store,
    {
      modules: builtinModules(),
      accounts: accountDirectory,
      isSigned: (transaction) => verifySignature(transaction.publicKey, transaction.signedBytes, transaction.signature),
      rebuild: options.rebuild,
      rulesKnown: RULES_KNOWN,
    },
    options.genesis,
  );
}

/** A store serves the key it was made for. Which seat that key has, and with which signing key, only the newest block says. */
function checkIdentity(loaded: LoadedStore, networkKey: PublicKeyHex): void {
  if (!bytesEqual(loaded.identity, identityOf(networkKey))) {
    throw new LedgerStoreError('STORE_FOREIGN', {
      reason: `the store was initialized for another key than ${networkKey}`,
    });
  }
  const { protocol } = loaded.ledger.configuration;
  if (engineOf(protocol) === undefined) throw new NodeError('PROTOCOL_UNKNOWN', { protocol });
}

/** Whether signatures are judged many at once: where that is wanted, and the host can. */
function judgesInBatches({ signatures, logger }: NodeOptions): boolean {
  if (signatures === 'single' || BatchVerifier.isSupported()) return signatures === 'batch';
  logger.warn('this host has no WebAssembly vectors: signatures are judged one by one, which costs more');
  return false;
}

async function serve(
  service: NodeService,
  http: NonNullable<NodeOptions['http']>,
  logger: Logger,
): Promise<{ readonly address: string; close(): Promise<void> }> {
  const { createApi } = await import('../api/index.ts');
  const api = await createApi(service, { ...http, explorerDir: EXPLORER_FOLDER, logger });
  await api.listen();
  return api;
}

function writeLog(logger: Logger, line: LogLine): void {
  logger[line.level]({ code: line.code, ...line.details }, line.code);
}

async function until(condition: () => boolean, msMax: number): Promise<void> {
  const end = performance.now() + msMax;
  while (!condition() && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 10));
}
