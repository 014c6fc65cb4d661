import { verifySignature, verifySignatureNative } from '@varve/crypto';
import type { BatchVerifier } from '@varve/crypto/batch';
import type { VerifyItem } from '@varve/validator';

/**
 * The verdict on each signature, by the rule that it asks for.
 * @param batch - Absent: they are judged one by one.
 */
export function judge(batch: BatchVerifier | undefined, items: readonly VerifyItem[]): boolean[] {
  const strict = items.filter((item) => item.strict);
  if (strict.length === items.length) return judgeBy(batch, items, verifySignatureNative);
  const others = judgeBy(
    batch,
    items.filter((item) => !item.strict),
    verifySignature,
  );
  const stricts = judgeBy(batch, strict, verifySignatureNative);
  let [nextStrict, nextOther] = [0, 0];
  return items.map((item) => (item.strict ? stricts[nextStrict++] : others[nextOther++]) === true);
}

function judgeBy(
  batch: BatchVerifier | undefined,
  items: readonly VerifyItem[],
  single: typeof verifySignature,
): boolean[] {
  if (items.length === 0) return [];
  if (batch) return batch.verify(items, single);
  return items.map(({ publicKey, message, signature }) => single(publicKey, message, signature));
}
