import { CborReader, EncodingError, type InstanceId, toHex } from '@varve/encoding';
import { HEIGHT_MAX, ROUND_MAX, type VoteKind } from './message.ts';
import { PROPOSAL_DOMAIN, VOTE_DOMAIN } from './signing.ts';

/** Where in the protocol a statement belongs. */
export interface Place {
  readonly kind: 'proposal' | VoteKind;
  readonly height: number;
  readonly round: number;
}

/** The place of a statement of this instance, read from what was signed (FORMATS `vote`, `proposal`). Never throws. */
export function placeOf(signed: Uint8Array, instance: InstanceId): Place | undefined {
  try {
    return readPlace(new CborReader(signed), instance);
  } catch (error) {
    if (error instanceof EncodingError) return undefined;
    throw error;
  }
}

function readPlace(reader: CborReader, instance: InstanceId): Place | undefined {
  const items = reader.array();
  const domain = reader.text();
  const isVote = domain === VOTE_DOMAIN && items === 6;
  if (!isVote && !(domain === PROPOSAL_DOMAIN && items === 7)) return undefined;
  if (toHex(reader.byteString(32)) !== instance) return undefined;
  const type = isVote ? reader.uint() : 0;
  const kind = (['proposal', 'prevote', 'precommit'] as const)[type];
  const [height, round] = [reader.uint(), reader.uint()];
  // What follows says what was voted for, which changes nothing about the place.
  for (let i = isVote ? 5 : 4; i < items; i++) reader.value(2);
  reader.end();
  if (kind === undefined || (isVote && type === 0) || height < 1) return undefined;
  return height > HEIGHT_MAX || round > ROUND_MAX ? undefined : { kind, height, round };
}
