import { createHash } from 'node:crypto';
import { ED25519_TORSION_SUBGROUP, ed25519 } from '@noble/curves/ed25519.js';
import { concatBytes, fromHex, toHex, utf8Encode } from '@varve/encoding';
import fc from 'fast-check';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { batchModuleBytes } from '../src/batch-module.ts';
import { BatchVerifier, type SignedMessage } from '../src/batch-verifier.ts';
import { createSigner } from '../src/sign.ts';
import { createVerifier } from '../src/verify.ts';
import { SMALL_ORDER_ENCODINGS } from './small-order.ts';
import { SPECCHECK_CASES } from './speccheck-cases.ts';

/** Order of the prime subgroup, RFC 8032 §5.1. */
const L = 2n ** 252n + 27742317777372353535851937790883648493n;
/** Of the module that these sources give: whoever changes them changes this line. */
const MODULE_DIGEST = '74d35a0513d9e7928dbed117ab56c3449b9e37aff525430e5b3ad024d49967ce';

const noble = createVerifier({}).verifySignature;
const judgedByNoble = ({ publicKey, message, signature }: SignedMessage): boolean =>
  noble(publicKey, message, signature);
const signers = Array.from({ length: 8 }, (_, i) => createSigner(new Uint8Array(32).fill(i + 1)));

function honest(i: number, bytes = 40): SignedMessage {
  const signer = signers[i % signers.length];
  if (signer === undefined) throw new Error('there are signers');
  const message = new Uint8Array(bytes).map((_, at) => (at * 31 + i) & 255);
  return { publicKey: signer.publicKey, message, signature: signer.sign(message) };
}

let eager: BatchVerifier;
beforeAll(async () => {
  eager = await BatchVerifier.create({ batchMin: 1, sightings: 1 });
});
/** Nobody else is asked: every yes is the module's, and what it does not accept is false. */
const alone = { verify: (items: readonly SignedMessage[]): boolean[] => eager.verify(items, () => false) };

it('is built from its sources to the byte', () => {
  expect(createHash('sha256').update(batchModuleBytes()).digest('hex')).toBe(MODULE_DIGEST);
});

it('says whether the engine takes the module', () => {
  expect(BatchVerifier.isSupported()).toBe(true);
  const validate = vi.spyOn(WebAssembly, 'validate').mockReturnValueOnce(false);
  expect(BatchVerifier.isSupported()).toBe(false);
  validate.mockRestore();
});

describe('BatchVerifier', () => {
  it.each([0, 1, 2, 3, 4, 5, 59, 60, 255, 256, 257, 700])('accepts %i honest signatures', (count) => {
    const items = Array.from({ length: count }, (_, i) => honest(i));
    expect(alone.verify(items)).toEqual(items.map(() => true));
  });

  it.each([0, 1, 47, 48, 63, 64, 111, 112, 175, 176, 1000, 131_072])('takes messages of %i bytes', (bytes) => {
    expect(alone.verify([honest(1, bytes), honest(2, bytes)])).toEqual([true, true]);
  });

  it('leaves what is longer, or of a wrong length, to the single rule', () => {
    const asked: SignedMessage[] = [];
    const single = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean => {
      asked.push({ publicKey, message, signature });
      return noble(publicKey, message, signature);
    };
    const odd = [
      honest(0, 131_073),
      { ...honest(1), publicKey: new Uint8Array(31) },
      { ...honest(2), signature: new Uint8Array(65) },
      { ...honest(3), signature: new Uint8Array() },
    ];
    expect(eager.verify([...odd, honest(4)], single)).toEqual([true, false, false, false, true]);
    expect(asked).toEqual(odd);
  });

  it('finds one bad signature at every place of a batch', () => {
    const items = Array.from({ length: 67 }, (_, i) => honest(i));
    for (let bad = 0; bad < items.length; bad++) {
      const planted = items.map((item, i) => (i === bad ? { ...item, message: utf8Encode('another') } : item));
      expect(alone.verify(planted)).toEqual(planted.map((_, i) => i !== bad));
    }
  });

  it('finds bad ones wherever they are, and blames no other', () => {
    const items = Array.from({ length: 300 }, (_, i) => honest(i));
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(299), { maxLength: 6 }), (bad) => {
        const planted = items.map((item, i) =>
          bad.includes(i) ? { ...item, signature: honest(i + 1).signature } : item,
        );
        expect(alone.verify(planted)).toEqual(planted.map((_, i) => !bad.includes(i)));
      }),
      { numRuns: 12 },
    );
  });

  it.each(SPECCHECK_CASES)(
    'gives ZIP-215 its verdict on speccheck case $case',
    ({ message, key, signature, zip215 }) => {
      const item = { publicKey: fromHex(key), message: fromHex(message), signature: fromHex(signature) };
      expect(alone.verify([item])).toEqual([zip215]);
      expect(alone.verify([honest(0), item, honest(1), item])).toEqual([true, zip215, true, zip215]);
    },
  );

  it('accepts every pair of small-order and non-canonical encodings that ZIP-215 accepts', () => {
    // Also every y from p to 2^255 - 1, with either sign: some are points of large order, some are none.
    const large = Array.from(
      { length: 38 },
      (_, i) => `${(0xed + (i >> 1)).toString(16)}${'ff'.repeat(30)}${i % 2 ? 'ff' : '7f'}`,
    );
    const pairs = [...new Set([...SMALL_ORDER_ENCODINGS, ...large])].flatMap((key) =>
      SMALL_ORDER_ENCODINGS.map((r) => ({
        publicKey: fromHex(key),
        message: utf8Encode('Zcash'),
        signature: fromHex(`${r}${'00'.repeat(32)}`),
      })),
    );
    const expected = pairs.map(judgedByNoble);
    expect(expected.filter((verdict) => verdict)).toHaveLength(196);
    expect(alone.verify(pairs)).toEqual(expected);
    // Torsion parts must not cancel between neighbours either: each stands alone as well.
    for (const [i, pair] of pairs.entries()) expect(alone.verify([pair])).toEqual([expected[i]]);
  });

  it('refuses s of L and more, though the equation holds', () => {
    const item = honest(5);
    const s = BigInt(`0x${toHex(item.signature.slice(32).reverse())}`);
    for (const more of [s + L, 2n ** 253n - 1n, 2n ** 256n - 1n, L]) {
      const bytes = fromHex(more.toString(16).padStart(64, '0')).reverse();
      const signature = concatBytes(item.signature.subarray(0, 32), bytes);
      expect(judgedByNoble({ ...item, signature })).toBe(false);
      expect(alone.verify([{ ...item, signature }, honest(6)])).toEqual([false, true]);
    }
  });

  it('refuses bad ones whose errors cancel each other', () => {
    const shifted = (item: SignedMessage, by: bigint): SignedMessage => {
      const s = (BigInt(`0x${toHex(item.signature.slice(32).reverse())}`) + by + L) % L;
      const bytes = fromHex(s.toString(16).padStart(64, '0')).reverse();
      return { ...item, signature: concatBytes(item.signature.subarray(0, 32), bytes) };
    };
    const items = [shifted(honest(0), 1n), shifted(honest(8), -1n), honest(1)];
    expect(alone.verify(items)).toEqual([false, false, true]);
  });

  it('refuses keys and commitments that are no points', () => {
    // y = 2 is the coordinate of no point.
    const none = fromHex(`02${'00'.repeat(31)}`);
    const item = honest(7);
    const items = [
      { ...item, publicKey: none },
      { ...item, signature: concatBytes(none, item.signature.subarray(32)) },
      item,
    ];
    expect(items.map(judgedByNoble)).toEqual([false, false, true]);
    expect(alone.verify(items)).toEqual([false, false, true]);
  });

  it('takes no earlier point for a commitment that is none', () => {
    const { Point } = ed25519;
    const [secret, nonce] = [7n, 11n];
    const publicKey = Point.BASE.multiply(secret).toBytes();
    const signedWith = (commitment: Uint8Array, text: string): SignedMessage => {
      const message = utf8Encode(text);
      const k = challengeOf(commitment, publicKey, message);
      return { publicKey, message, signature: concatBytes(commitment, bytesOf((nonce + k * secret) % L)) };
    };
    const good = signedWith(Point.BASE.multiply(nonce).toBytes(), 'good');
    const bad = signedWith(fromHex(`02${'00'.repeat(31)}`), 'bad');
    for (const count of [1, 2, 3, 4, 8]) {
      const items = [...new Array(count).fill(good), ...new Array(count).fill(bad)];
      expect(alone.verify(items)).toEqual(items.map((item) => item === good));
    }
  });

  it('accepts mixed-order keys and commitments as ZIP-215 does', () => {
    const { Point } = ed25519;
    const torsion = ED25519_TORSION_SUBGROUP.map((hex) => Point.fromHex(hex));
    const items: SignedMessage[] = [];
    for (const [i, small] of torsion.entries()) {
      const secret = 7n + BigInt(i);
      const key = Point.BASE.multiply(secret).add(small);
      const r = Point.BASE.multiply(11n).add(torsion[(3 * i + 1) % torsion.length] as typeof small);
      const message = utf8Encode(`mixed ${i}`);
      const [publicKey, commitment] = [key.toBytes(), r.toBytes()];
      const s = (11n + challengeOf(commitment, publicKey, message) * secret) % L;
      const signature = concatBytes(commitment, bytesOf(s));
      items.push({ publicKey, message, signature });
    }
    expect(items.map(judgedByNoble)).toEqual(items.map(() => true));
    expect(alone.verify(items)).toEqual(items.map(() => true));
  });

  it('agrees with noble on random and mutated signatures', () => {
    const mutated = fc.record({
      of: fc.nat(1000),
      part: fc.constantFrom('none', 'none', 'publicKey', 'message', 'signature'),
      at: fc.nat(),
      bit: fc.nat(7),
    });
    fc.assert(
      fc.property(fc.array(mutated, { minLength: 1, maxLength: 20 }), (mutations) => {
        const items = mutations.map(({ of, part, at, bit }) => {
          const item = honest(of);
          if (part === 'none') return item;
          const bytes = Uint8Array.from(item[part as keyof SignedMessage]);
          bytes[at % bytes.length] = (bytes[at % bytes.length] as number) ^ (1 << bit);
          return { ...item, [part]: bytes };
        });
        expect(alone.verify(items)).toEqual(items.map(judgedByNoble));
      }),
      { numRuns: 30 },
    );
  });

  it('draws fresh coefficients for every batch', () => {
    const drawn = new Set<string>();
    const { getRandomValues } = crypto;
    crypto.getRandomValues = (array) => {
      const filled = getRandomValues.call(crypto, array);
      if (filled instanceof Uint8Array) drawn.add(toHex(filled));
      return array;
    };
    try {
      for (let i = 0; i < 5; i++) alone.verify([honest(0), honest(1)]);
    } finally {
      crypto.getRandomValues = getRandomValues;
    }
    expect(drawn.size).toBe(5);
    for (const bytes of drawn) expect(bytes).toHaveLength(64);
  });

  it.each([0xff, 0x7f, 0x80, 0x01, 0x08, 0xf8, 0x00])('accepts honest signatures if every byte drawn is %i', (byte) => {
    const drawn = vi.spyOn(crypto, 'getRandomValues').mockImplementation((array) => {
      if (array instanceof Uint8Array) array.fill(byte);
      return array;
    });
    const items = Array.from({ length: 9 }, (_, i) => honest(i));
    const verdicts = alone.verify(items);
    drawn.mockRestore();
    expect(verdicts).toEqual(items.map(() => true));
  });

  it('goes on when more keys come than it keeps', () => {
    const once = Array.from({ length: 300 }, (_, i) => {
      const signer = createSigner(
        new Uint8Array(32)
          .fill(9)
          .fill(i & 255, 0, 1)
          .fill(i >> 8, 1, 2),
      );
      const message = utf8Encode(`key ${i}`);
      return { publicKey: signer.publicKey, message, signature: signer.sign(message) };
    });
    for (let round = 0; round < 15; round++) expect(alone.verify(once)).toEqual(once.map(() => true));
  });

  it('prepares a key only when it comes again, where single checks are cheap', async () => {
    let singles = 0;
    const single = (...args: Parameters<typeof noble>): boolean => {
      singles += 1;
      return noble(...args);
    };
    const verifier = await BatchVerifier.create({ batchMin: 2, sightings: 2 });
    const items = signers.map((_, i) => honest(i));
    expect(verifier.verify(items, single)).toEqual(items.map(() => true));
    expect(singles).toBe(items.length);
    expect(verifier.verify(items, single)).toEqual(items.map(() => true));
    expect(singles).toBe(items.length);
  });
});

function challengeOf(commitment: Uint8Array, publicKey: Uint8Array, message: Uint8Array): bigint {
  const hash = createHash('sha512').update(concatBytes(commitment, publicKey, message));
  return scalarOf(hash.digest());
}

function bytesOf(scalar: bigint): Uint8Array {
  return fromHex(scalar.toString(16).padStart(64, '0')).reverse();
}

function scalarOf(littleEndian: Uint8Array): bigint {
  return BigInt(`0x${toHex(Uint8Array.from(littleEndian).reverse())}`) % L;
}
