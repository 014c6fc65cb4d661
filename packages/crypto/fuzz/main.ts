import { ed25519 } from '@noble/curves/ed25519.js';
import { concatBytes } from '@varve/encoding';
import { BatchVerifier, type SignedMessage } from '../src/batch-verifier.ts';
import { createSigner } from '../src/sign.ts';
import { createVerifier } from '../src/verify.ts';

// Compares the batch verifier with @noble/curves on random signatures, of which most are mutated.
// Arguments: how many (default a million), and where the random numbers start (default 1).

const SHOW_EVERY = 10_000;
const BATCH = 100;
const KEYS = 64;
const MESSAGE_BYTES_MAX = 300;
/** RFC 8032 §5.1. */
const L = 2n ** 252n + 27742317777372353535851937790883648493n;

const [count = 1_000_000, first = 1] = process.argv.slice(2).map(Number);
if (!(Number.isSafeInteger(count) && count > 0 && Number.isSafeInteger(first) && first > 0)) {
  process.stderr.write('usage: npm run fuzz:signatures -- [COUNT [FIRST]]\n');
  process.exit(2);
}
/** Mulberry32: the same numbers from the same start. */
let seed = first;
function below(limit: number): number {
  seed = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4_294_967_296) * limit);
}
const bytes = (length: number): Uint8Array => Uint8Array.from({ length }, () => below(256));

const noble = createVerifier({}).verifySignature;
const signers = Array.from({ length: KEYS }, () => createSigner(bytes(32)));
const torsion = Array.from({ length: 8 }, (_, i) => torsionPoint(i));
const batch = await BatchVerifier.create({ batchMin: 1, sightings: 1 });

let yes = 0;
for (let done = 0; done < count; ) {
  const items = Array.from({ length: Math.min(BATCH, count - done) }, item);
  // What the batch does not accept stays false: nobody else is asked.
  const verdicts = batch.verify(items, () => false);
  for (const [i, { publicKey, message, signature }] of items.entries()) {
    const expected = noble(publicKey, message, signature);
    yes += Number(expected);
    if (expected === verdicts[i]) continue;
    const hex = [publicKey, message, signature].map((part) => Buffer.from(part).toString('hex')).join(' ');
    process.stdout.write(`noble says ${expected}, the batch ${verdicts[i]}: ${hex}\n`);
    process.exit(1);
  }
  done += items.length;
  if (done % SHOW_EVERY === 0) process.stderr.write(`${done} of ${count}, ${yes} of them good\n`);
}
process.stdout.write(`${count} signatures, ${yes} of them good: the same verdict on each\n`);

function item(): SignedMessage {
  const signer = signers[below(KEYS)];
  if (signer === undefined) throw new RangeError('a key of the table');
  const message = bytes(below(MESSAGE_BYTES_MAX));
  const good = { publicKey: signer.publicKey, message, signature: signer.sign(message) };
  switch (below(8)) {
    case 0:
    case 1:
      return good;
    case 2:
      return { ...good, signature: flipped(good.signature) };
    case 3:
      return { ...good, message: message.length > 0 ? flipped(message) : bytes(1) };
    case 4:
      return { ...good, publicKey: flipped(good.publicKey) };
    case 5:
      // A torsion part in R changes the hash: holds only where the sum was made for it, so hardly ever.
      return { ...good, signature: concatBytes(moved(good.signature.subarray(0, 32)), good.signature.subarray(32)) };
    case 6:
      return { ...good, signature: concatBytes(good.signature.subarray(0, 32), aboveL(good.signature.subarray(32))) };
    default:
      // Both of small order: holds whatever is signed.
      return {
        publicKey: torsion[below(8)] as Uint8Array,
        message,
        signature: concatBytes(torsion[below(8)] as Uint8Array, new Uint8Array(32)),
      };
  }
}

function flipped(part: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(part);
  const at = below(copy.length);
  copy[at] = (copy[at] as number) ^ (1 << below(8));
  return copy;
}

function torsionPoint(i: number): Uint8Array {
  // y of a point of order 8; its multiples are all that there are.
  const order8 = ed25519.Point.fromHex('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05');
  return (i === 0 ? ed25519.Point.ZERO : order8.multiplyUnsafe(BigInt(i))).toBytes();
}

function moved(point: Uint8Array): Uint8Array {
  return ed25519.Point.fromBytes(point)
    .add(ed25519.Point.fromBytes(torsion[below(8)] as Uint8Array))
    .toBytes();
}

function aboveL(s: Uint8Array): Uint8Array {
  const value = s.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n) + L;
  return Uint8Array.from({ length: 32 }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));
}
