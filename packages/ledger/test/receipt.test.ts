import { describe, expect, it } from 'vitest';
import { receiptOf, transactionsAt } from '../src/chain.ts';
import { chainIdOf, decodeReceipt, encodeGenesis, encodeReceipt, type Receipt } from '../src/index.ts';
import { Chain, genesis, mutations, operation, T0, transactionBytes } from './harness.ts';
import { slowVerifyReceipt } from './slow-verifier.ts';

const genesisBytes = encodeGenesis(genesis);
/** A chain of nine blocks of one to four transactions, some of which fail; blocks 3, 6 and 8 are certified. */
const world = (() => {
  const made = new Chain();
  for (let i = 1; i <= 9; i++) {
    const operations = [operation('set', 'a', i), operation('emit', 'made', i)];
    const items = Array.from({ length: (i % 4) + 1 }, (_, n) =>
      transactionBytes(n === 1 ? [...operations, operation('fail', 'NO')] : operations),
    );
    made.block([Uint8Array.of(1), ...items], T0 + i);
    if (i === 3 || i === 6 || i === 8) made.certify(made.ledger.tip, i === 6 ? [0, 1, 2] : [0, 2]);
  }
  return made;
})();
const receiptAt = (at: number, leafIndex = 0) =>
  receiptOf(
    world.ledger,
    (transactionsAt(world.ledger, at)[leafIndex] as never as { transaction: { id: never } }).transaction.id,
  );

describe('receipts', () => {
  it('convince a verifier made from FORMATS alone, whoever certified the block', () => {
    for (let at = 1; at <= 8; at++) {
      for (const [leafIndex, view] of transactionsAt(world.ledger, at).entries()) {
        const receipt = receiptAt(at, leafIndex) as Receipt;
        // The block's own certificate where there is one, else that of the final block.
        expect(receipt.certificate.height).toBe([3, 6].includes(at) ? at : 8);
        const bytes = encodeReceipt(receipt);
        expect(decodeReceipt(bytes)).toEqual(receipt);
        expect(slowVerifyReceipt(bytes, genesisBytes)).toEqual({
          transactionId: view.transaction.id,
          height: at,
          blockHash: receipt.header.hash,
          code: leafIndex === 1 ? 'NO' : 'OK',
        });
      }
    }
    expect(receiptAt(9)).toBeUndefined();
  });

  it('convince it of no other chain', () => {
    const other = { ...genesis, title: 'Other' };
    expect(chainIdOf(other)).not.toBe(chainIdOf(genesis));
    const bytes = encodeReceipt(receiptAt(2) as Receipt);
    expect(() => slowVerifyReceipt(bytes, encodeGenesis(other))).toThrow();
  });

  it('convince it no more when a byte is changed', () => {
    const bytes = encodeReceipt(receiptAt(2) as Receipt);
    let position = 0;
    for (const changed of mutations(bytes, [1])) {
      if (position++ % 9 === 0) expect(() => slowVerifyReceipt(changed, genesisBytes)).toThrow();
    }
  });

  it('stay the same after a restart', () => {
    const before = [1, 3, 8].map((at) => encodeReceipt(receiptAt(at) as Receipt));
    world.reopen();
    expect([1, 3, 8].map((at) => encodeReceipt(receiptAt(at) as Receipt))).toEqual(before);
  });
});
