import { type Entry, EPOCH_ZERO, type Slot } from '@varve/consensus';
import { type BlockHash, fromHex, type InstanceId, type PayloadId, toHex } from '@varve/encoding';
import { hashOf } from '@varve/ledger';
import {
  headerAt,
  headerKey,
  type Ledger,
  payloadKey,
  RecordDamaged,
  type RuledStretch,
  unlessDamaged,
} from '@varve/ledger/chain';
import { payloadsOfBlocks } from './block-payloads.ts';
import { type EngineState, engineEntryKey, engineStateKey, type StoredEntry } from './engine-log.ts';

/** What a store holds of one engine instance. */
export interface StoredInstance {
  readonly id: InstanceId;
  readonly engineState: EngineState;
  /** Whether that state stands in the store. */
  readonly isStored: boolean;
  readonly log: readonly Entry[];
  readonly entries: readonly StoredEntry[];
  /** The highest slot vouched for. */
  readonly vouched: Slot | undefined;
}

/** One run of one engine: SHA-256(["varve/instance/1", chainId, configurationHash, anchorBlockHash]). */
export function instanceOf(chainId: string, configurationHash: string, anchorBlockHash: string): InstanceId {
  return toHex(
    hashOf(['varve/instance/1', fromHex(chainId), fromHex(configurationHash), fromHex(anchorBlockHash)]),
  ) as InstanceId;
}

/** The instance of one of the chain's configurations. */
export function instanceUnder(ledger: Ledger, { first, hash }: RuledStretch): InstanceId {
  return instanceOf(ledger.chainId, hash, hashOfBlock(ledger, Math.max(0, first - 1)));
}

/** The instance of the configuration that rules, before its engine wrote anything. */
export function freshInstance(ledger: Ledger): StoredInstance {
  const { ruling } = ledger;
  const last = Math.max(0, ruling.first - 1);
  const blockHash = hashOfBlock(ledger, last);
  return {
    id: instanceUnder(ledger, ruling),
    engineState: { hardState: undefined, anchor: { index: 0, epoch: EPOCH_ZERO, height: last, blockHash } },
    isStored: false,
    log: [],
    entries: [],
    vouched: undefined,
  };
}

/**
 * Removes what a crash left of an instance that ended, with every payload of its entries that neither a block nor an
 * entry of the present instance needs.
 * @param anchorHeight - Of the instance that ended; where it is unknown, the payloads stay.
 */
export function forgetInstance(
  ledger: Ledger,
  id: InstanceId,
  entries: ReadonlyMap<number, StoredEntry | undefined>,
  anchorHeight: number | undefined,
  present: ReadonlySet<PayloadId>,
): void {
  const { records, ruling } = ledger;
  records.delete(engineStateKey(id));
  const needed = anchorHeight === undefined ? undefined : payloadsOfBlocks(ledger, anchorHeight + 1, ruling.first - 1);
  for (const [index, stored] of entries) {
    records.delete(engineEntryKey(id, index));
    const payload = stored?.payload;
    if (payload && needed?.has(payload) === false && !present.has(payload)) records.delete(payloadKey(payload));
  }
}

function hashOfBlock(ledger: Ledger, at: number): BlockHash {
  const { tip } = ledger;
  if (at === tip.header.height) return tip.hash;
  const own = unlessDamaged(() => headerAt(ledger, at)?.hash);
  // A damaged header is fetched again later; its child names its hash.
  const hash = own ?? unlessDamaged(() => headerAt(ledger, at + 1)?.header.parentHash);
  if (hash === undefined) throw new RecordDamaged(headerKey(at));
  return hash;
}
