import { sha256, sha256Hex } from '@varve/crypto';
import { encodeCbor, fromHex, toHex, utf8Encode } from '@varve/encoding';
import { merkleRoot } from '@varve/merkle';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ExecutedTransactions } from '../src/executed.ts';
import { decodeTransaction, encodeLeaf, encodeResults, leafOf, type Outcome } from '../src/index.ts';
import { operation, transactionBytes } from './harness.ts';

const transaction = decodeTransaction(transactionBytes([operation('set', 'a', 1)], { nonce: 1 }));
const empty = encodeResults({ values: [], events: [] });

const executed = fc.record({
  name: fc.string(),
  payloadIndex: fc.nat(70_000),
  code: fc.option(fc.stringMatching(/^[A-NP-Z_]{1,64}$/)),
  failedOperation: fc.nat(1024),
  results: fc.array(fc.oneof(fc.nat(), fc.string())).map((values) => encodeResults({ values, events: [] })),
});

it('leaves, results, root and index are what the general encoders make of them', () =>
  fc.assert(
    fc.property(fc.array(executed, { maxLength: 20 }), fc.nat(20), (items, expected) => {
      const list = new ExecutedTransactions(expected);
      const slow = items.map(({ name, payloadIndex, code, failedOperation, results }) => {
        const hashHex = sha256Hex(utf8Encode(name));
        const one = { ...transaction, id: transaction.id, hashHex, hash: fromHex(hashHex) };
        if (code === null) list.succeeded(one, payloadIndex, results);
        else list.failed(one, payloadIndex, code, failedOperation);
        const outcome: Outcome =
          code === null
            ? { code: 'OK', failedOperation: null, resultsHash: sha256(results) }
            : { code, failedOperation, resultsHash: sha256(empty) };
        const leaf = encodeLeaf(leafOf(one, outcome));
        return { payloadIndex, outcome, leaf, results: code === null ? results : empty };
      });
      expect(list.transactions.map(({ outcome, leaf, results }) => ({ outcome, leaf, results }))).toEqual(
        slow.map(({ outcome, leaf, results }) => ({ outcome, leaf, results })),
      );
      expect(toHex(list.root)).toBe(toHex(merkleRoot(slow.map(({ leaf }) => leaf))));
      const encoded = encodeCbor(slow.map(({ payloadIndex, leaf, results }) => [payloadIndex, leaf, results]));
      expect([list.list.count, toHex(list.list.items.written)]).toEqual([items.length, toHex(encoded.slice(1))]);
    }),
  ));
