import { encodeCbor } from '@varve/encoding';
import type { StateEntry } from '../src/index.ts';
import type { IndexRecord, UndoEntry } from '../src/records.ts';

/** Records by the general encoder, as FORMATS has them. */
export const slowStateEntry = ({ version, modifiedHeight, bytes }: StateEntry): Uint8Array =>
  encodeCbor([version, modifiedHeight, bytes]);

export const slowUndo = (entries: readonly UndoEntry[]): Uint8Array =>
  encodeCbor(entries.map(({ module, key, before }) => [module, key, before ? slowStateEntry(before) : null]));

export const slowIndex = ({ timerEvents, leaves }: IndexRecord): Uint8Array =>
  encodeCbor([
    encodeCbor(timerEvents.map(({ module, topic, value }) => [module, topic, value])),
    leaves.map(({ payloadIndex, leaf, results }) => [payloadIndex, leaf, results]),
  ]);
