import { type CborReader, type CborValue, encodeCbor, type NodeId, nodeId, type PayloadId } from '@varve/encoding';
import { assert } from './assert.ts';
import type { Entry, Protocol } from './contract.ts';
import { encodeEntry, payloadsOf, readEntry } from './entry-codec.ts';
import { BATCH_ENTRIES_MAX } from './entry-log.ts';
import { decodeMessageBody, type FindPayload } from './message-body.ts';

/** What a field may need to know while it is read. */
interface Reading<Before> {
  /** The fields before it. */
  readonly before: Before;
  readonly find: FindPayload;
  readonly missing: Set<PayloadId>;
}

/** How a field of a message is written, as one item or more, and read back. */
export interface Field<T> {
  readonly items: number;
  write(value: T): readonly CborValue[];
  read(reader: CborReader, reading: Reading<unknown>): T;
}

/** The fields of a message in the order in which they are written. */
type Fields<T> = { readonly [Name in keyof T]-?: Field<T[Name]> };

/** For each kind of message its number and its fields: a message is `[number, …]`. */
export type Layout<M extends { readonly kind: string }> = {
  readonly [Kind in M['kind']]: readonly [
    number: number,
    fields: Fields<Omit<Extract<M, { readonly kind: Kind }>, 'kind'>>,
  ];
};

/** An unsigned safe integer. */
export const UINT: Field<number> = { items: 1, write: (value) => [value], read: (reader) => reader.uint() };
/** True or false. */
export const BOOLEAN: Field<boolean> = { items: 1, write: (value) => [value], read: (reader) => reader.boolean() };
/** A node's name. */
export const NODE: Field<NodeId> = { items: 1, write: (value) => [value], read: (reader) => nodeId(reader.text()) };

/** Entries that continue after the index that `prevIndex` finds in the fields before them. */
export function entriesAfter<Before>(prevIndex: (before: Before) => number): Field<readonly Entry[]> {
  return {
    items: 1,
    write: (entries) => [entries.map(encodeEntry)],
    read: (reader, { before, find, missing }) => {
      const first = prevIndex(before as Before) + 1;
      return reader.list((_, i) => readEntry(reader, first + i, find, missing), BATCH_ENTRIES_MAX);
    },
  };
}

/**
 * Encoding and decoding of a protocol's messages. Entries name their payloads by id, which are returned beside the body.
 * @param nonsenseIn - Why no correct node sends a well-formed message.
 */
export function messageCodec<M extends { readonly kind: string }>(
  layout: Layout<M>,
  nonsenseIn: (message: M) => string | undefined,
): Pick<Protocol<M>, 'encode' | 'decode'> {
  const shapes = Object.entries(layout as Layout<{ readonly kind: string }>).map(([kind, [number, fields]]) => {
    const named = Object.entries(fields as Readonly<Record<string, Field<unknown>>>);
    return { kind, number, named, items: 1 + named.reduce((sum, [, field]) => sum + field.items, 0) };
  });
  const byKind = new Map(shapes.map((shape) => [shape.kind, shape]));
  const byNumber = new Map(shapes.map((shape) => [shape.number, shape]));

  function readMessage(reader: CborReader, find: FindPayload, missing: Set<PayloadId>): M {
    const start = reader.offset;
    const items = reader.array();
    const shape = byNumber.get(reader.uint()) ?? reader.unexpected('kind of message', start);
    if (items !== shape.items) reader.unexpected(`array of ${shape.items} items`, start);
    const message: Record<string, unknown> = { kind: shape.kind };
    const reading = { before: message, find, missing };
    for (const [name, field] of shape.named) message[name] = field.read(reader, reading);
    return message as unknown as M;
  }

  return {
    encode: (message) => {
      const shape = byKind.get(message.kind);
      assert(shape !== undefined, 'every kind of message has its layout');
      const values: M & { readonly entries?: readonly Entry[] } = message;
      const fields = shape.named.flatMap(([name, field]) => field.write(values[name as keyof M]));
      return { body: encodeCbor([shape.number, ...fields]), payloads: payloadsOf(values.entries ?? []) };
    },
    decode: (body, find) => decodeMessageBody(body, find, readMessage, nonsenseIn),
  };
}
