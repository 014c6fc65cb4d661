import { PUBLIC_KEY_BYTES, SIGNATURE_BYTES } from '@varve/crypto';
import type { VerifyItem } from '@varve/validator';

/** Before each item: its kind, and the length of its message, big-endian. */
const HEAD_BYTES = 5;
const KIND = { lax: 0, strict: 1, malformed: 2 } as const;
const NOTHING = new Uint8Array();

function isWellFormed({ publicKey, signature }: VerifyItem): boolean {
  return publicKey.length === PUBLIC_KEY_BYTES && signature.length === SIGNATURE_BYTES;
}

/** Signatures in one piece of memory of their own, which can be given to another thread without copying it again. */
export function packItems(items: readonly VerifyItem[]): Uint8Array<ArrayBuffer> {
  let length = 0;
  for (const item of items)
    length += HEAD_BYTES + (isWellFormed(item) ? PUBLIC_KEY_BYTES + SIGNATURE_BYTES + item.message.length : 0);
  const packed = new Uint8Array(length);
  const view = new DataView(packed.buffer);
  let at = 0;
  for (const item of items) {
    const fits = isWellFormed(item);
    packed[at] = fits ? (item.strict ? KIND.strict : KIND.lax) : KIND.malformed;
    view.setUint32(at + 1, fits ? item.message.length : 0);
    at += HEAD_BYTES;
    for (const part of fits ? [item.publicKey, item.signature, item.message] : []) {
      packed.set(part, at);
      at += part.length;
    }
  }
  return packed;
}

/** What was packed, as views on it; keys and signatures of a wrong length, for which nothing holds, are empty. */
export function unpackItems(packed: Uint8Array): VerifyItem[] {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  const items: VerifyItem[] = [];
  let at = 0;
  const take = (length: number): Uint8Array => {
    at += length;
    return packed.subarray(at - length, at);
  };
  while (at < packed.length) {
    const kind = packed[at];
    const messageBytes = view.getUint32(at + 1);
    at += HEAD_BYTES;
    if (kind === KIND.malformed) {
      items.push({ publicKey: NOTHING, signature: NOTHING, message: NOTHING, strict: false });
      continue;
    }
    const [publicKey, signature] = [take(PUBLIC_KEY_BYTES), take(SIGNATURE_BYTES)];
    items.push({ publicKey, signature, message: take(messageBytes), strict: kind === KIND.strict });
  }
  return items;
}
