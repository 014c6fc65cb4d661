import type { Payload, Slot } from '@varve/consensus';
import { CONFIGURATION_MODULE, encodePayload, payloadIdOf } from '@varve/ledger';
import {
  type ExecutionEnvironment,
  type ExecutionPoint,
  type Ledger,
  type SkipCode,
  skipCode,
} from '@varve/ledger/chain';
import type { OpenedPayload } from './opened-payloads.ts';
import type { Pool, Waiting } from './pool.ts';

/** Bytes of a payload beside its transactions, and of each transaction's head: generous upper bounds. */
const PAYLOAD_OVERHEAD_BYTES = 256;
const TRANSACTION_OVERHEAD_BYTES = 5;

/** A payload for a slot, and what of the pool cannot execute any more. */
export interface Built {
  readonly payload: Payload | undefined;
  /** The same payload before encoding. */
  readonly opened: OpenedPayload | undefined;
  readonly hopeless: readonly { readonly waiting: Waiting; readonly code: string }[];
}

/**
 * Builds a payload of what waits, oldest first, as far as the limits allow.
 * @param time - Proposed block time, Unix milliseconds.
 */
export function buildPayload(ledger: Ledger, pool: Pool, slot: Slot, time: number): Built {
  const { payloadBytesMax } = ledger.configuration.parameters;
  const point = { height: ledger.tip.header.height, time: ledger.blockTime(time) };
  // Whatever was executed has left the pool.
  const environment = { ...ledger.environment(() => true), isKnown: () => false };
  const chosen: Waiting[] = [];
  const hopeless: { waiting: Waiting; code: string }[] = [];
  let bytes = PAYLOAD_OVERHEAD_BYTES;
  for (const waiting of pool.candidates()) {
    const size = waiting.transaction.bytes.length + TRANSACTION_OVERHEAD_BYTES;
    if (bytes + size > payloadBytesMax) break;
    const judged = judge(waiting, ledger, point, environment);
    if (judged !== undefined) {
      // Too early is no reason to give up: block time moves on.
      if (judged !== 'VALIDITY_TOO_LONG') hopeless.push({ waiting, code: judged });
      continue;
    }
    chosen.push(waiting);
    bytes += size;
  }
  if (chosen.length === 0 && ledger.timers.due(point.time).length === 0)
    return { payload: undefined, opened: undefined, hopeless };
  // Whatever changes the configuration comes last (DESIGN §2).
  const decoded = [...chosen.filter((one) => !isGovernance(one)), ...chosen.filter(isGovernance)].map(
    (waiting) => waiting.transaction,
  );
  const transactions = decoded.map((transaction) => transaction.bytes);
  const content = { index: slot.index, epoch: slot.epoch, time, transactions };
  const encoded = encodePayload(content);
  const payload = { id: payloadIdOf(encoded), bytes: encoded };
  pool.proposed(payload.id, chosen);
  return { payload, opened: { content, decoded }, hopeless };
}

function isGovernance({ transaction }: Waiting): boolean {
  return transaction.operations.some(({ module }) => module === CONFIGURATION_MODULE);
}

/** The rule by which it would be skipped; its sender is judged again only when accounts have changed. */
function judge(
  waiting: Waiting,
  ledger: Ledger,
  point: ExecutionPoint,
  environment: ExecutionEnvironment,
): SkipCode | undefined {
  const { validUntil } = waiting.transaction;
  const { validityMs } = environment.chain.configuration.parameters;
  const inTime = validUntil >= point.time && validUntil <= point.time + validityMs;
  if (inTime && waiting.accountsVersion === ledger.accountsVersion) return undefined;
  const judged = skipCode(waiting.transaction, point, ledger, environment);
  if (typeof judged === 'string') return judged;
  waiting.accountsVersion = ledger.accountsVersion;
  return undefined;
}
