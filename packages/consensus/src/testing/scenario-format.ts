import { toHex, utf8Decode } from '@varve/encoding';
import type { Anchor, Entry, Epoch, Payload, Slot, Status, Write } from '../contract.ts';

/** Bytes shown of what has no better form. */
const BYTES_SHOWN = 8;
/** Ids that are hashes; the first digits tell them apart. */
const HASH = /^[0-9a-f]{64}$/;

/** `2@1/a`. */
export function formatSlot({ index, epoch }: Slot | Anchor): string {
  return `${index}@${formatEpoch(epoch)}`;
}

/** `1/a`; `0` before any. */
function formatEpoch({ number, node }: Epoch): string {
  return node === '' ? `${number}` : `${number}/${node}`;
}

/** A payload is its text. */
export function formatPayload(payload: Payload): string {
  const end = payload.bytes.indexOf(0);
  return `'${utf8Decode(end < 0 ? payload.bytes : payload.bytes.subarray(0, end))}'`;
}

/** `2@1/a 'x'`, or `2@1/a no-op`. */
export function formatEntry(entry: Entry): string {
  return `${formatSlot(entry)} ${entry.payload ? formatPayload(entry.payload) : 'no-op'}`;
}

/** `kind(field=value …)`, for messages of any protocol; signatures are left out. */
export function formatMessage(message: unknown): string {
  if (!isRecord(message)) return formatValue(message);
  const { kind, signature: _, ...fields } = message;
  const shown = Object.entries(fields).map(([name, value]) => `${name}=${formatValue(value)}`);
  return `${typeof kind === 'string' ? kind : ''}(${shown.join(' ')})`;
}

function formatValue(value: unknown): string {
  if (value instanceof Uint8Array) {
    const start = toHex(value.subarray(0, BYTES_SHOWN));
    return value.length > BYTES_SHOWN ? `${start}…` : start;
  }
  if (typeof value === 'string' && HASH.test(value)) return `${value.slice(0, 4)}…`;
  if (Array.isArray(value)) return `[${value.map(formatValue).join(', ')}]`;
  if (!isRecord(value)) return String(value);
  if (isEpoch(value)) return formatEpoch(value);
  if (isPayload(value)) return formatPayload(value);
  if (isEntry(value)) return formatEntry(value);
  return formatMessage(value);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function isEpoch(value: object): value is Epoch {
  return 'number' in value && 'node' in value;
}

function isPayload(value: object): value is Payload {
  return 'id' in value && 'bytes' in value && value.bytes instanceof Uint8Array;
}

function isEntry(value: object): value is Entry {
  return 'index' in value && 'epoch' in value && isRecord(value.epoch) && isEpoch(value.epoch);
}

/** What a write holds, without the messages that wait for it. */
export function formatWrite<M>(write: Write<M>, describeHardState: (bytes: Uint8Array) => string): string {
  const parts = [
    write.hardState && `hard state ${describeHardState(write.hardState)}`,
    write.truncateFrom !== undefined && `truncate from ${write.truncateFrom}`,
    write.anchor && `anchor ${formatSlot(write.anchor)}`,
    write.append.length > 0 && `append ${write.append.map(formatEntry).join(', ')}`,
  ].filter((part) => part !== undefined && part !== false);
  return parts.length > 0 ? parts.join('; ') : 'nothing';
}

/** One line for an operator. */
export function formatStatus(status: Status): string {
  const { role, epoch, leader, committed, lastIndex, anchor, waiting } = status;
  const log = anchor > 0 ? `${anchor}..${lastIndex}` : `${lastIndex}`;
  const waits = waiting ? `, waits: ${[waiting.code, ...waiting.nodes].join(' ')}` : '';
  return `${role} in ${formatEpoch(epoch)}, leader ${leader ?? 'unknown'}, log ${log}, committed ${committed}${waits}`;
}
