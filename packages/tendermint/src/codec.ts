import { assertNever, type DecodeResult, decodeMessageBody, type FindPayload, type Payload } from '@varve/consensus';
import { type CborReader, type CborValue, encodeCbor, fromHex, nodeId, type PayloadId } from '@varve/encoding';
import { nonsenseIn, type TendermintMessage, VOTES_MAX, type VoteKind } from './message.ts';
import {
  idValue,
  readEpoch,
  readId,
  readPayloadId,
  readSignatures,
  readVote,
  signaturesValue,
  voteValue,
} from './vote-codec.ts';

/** The first item of each message's array. */
const KIND = {
  proposal: 1,
  prevote: 2,
  precommit: 3,
  votes: 4,
  status: 5,
  decided: 6,
  readRequest: 7,
  readResponse: 8,
} as const;

/** A message as `[kind, …]`; it names its payload by id, which is returned beside the body. */
export function encode(message: TendermintMessage): {
  readonly body: Uint8Array;
  readonly payloads: readonly Payload[];
} {
  const body = encodeCbor([KIND[message.kind], ...fieldsOf(message)]);
  return { body, payloads: 'payload' in message ? [message.payload] : [] };
}

function fieldsOf(message: TendermintMessage): readonly CborValue[] {
  switch (message.kind) {
    case 'proposal': {
      const { height, round, validRound, epoch, payload, voter } = message;
      return [height, round, validRound, epoch.number, epoch.node, fromHex(payload.id), voter];
    }
    case 'prevote':
    case 'precommit':
      return [message.height, message.round, idValue(message.id), message.voter];
    case 'votes':
      return [message.height, message.round, message.votes.map(voteValue)];
    case 'status':
      return [message.height, message.round, message.base, message.reply];
    case 'decided': {
      const { height, epoch, payload, round, precommits } = message;
      return [height, epoch.number, epoch.node, fromHex(payload.id), round, signaturesValue(precommits)];
    }
    case 'readRequest':
      return [message.context];
    case 'readResponse':
      return [message.context, message.ok, message.barrier, message.proof.map(voteValue)];
    default:
      return assertNever(message);
  }
}

/** The message of `body`, with its payload taken from `find`. Never throws. */
export function decode(body: Uint8Array, find: FindPayload): DecodeResult<TendermintMessage> {
  return decodeMessageBody(body, find, readMessage, nonsenseIn);
}

function readMessage(r: CborReader, find: FindPayload, missing: Set<PayloadId>): TendermintMessage {
  const start = r.offset;
  const size = r.array();
  const kind = r.uint();
  const expect = (items: number): number => {
    if (size !== items) r.unexpected(`array of ${items} items`, start);
    return r.uint();
  };
  switch (kind) {
    case KIND.proposal:
      return readProposal(r, expect(8), find, missing);
    case KIND.prevote:
      return readDirectVote(r, 'prevote', expect(5));
    case KIND.precommit:
      return readDirectVote(r, 'precommit', expect(5));
    case KIND.votes: {
      const height = expect(4);
      return { kind: 'votes', height, round: r.uint(), votes: r.list((inner) => readVote(inner, height), VOTES_MAX) };
    }
    case KIND.status:
      return { kind: 'status', height: expect(5), round: r.uint(), base: r.uint(), reply: r.boolean() };
    case KIND.decided:
      return readDecided(r, expect(7), find, missing);
    case KIND.readRequest:
      return { kind: 'readRequest', context: expect(2) };
    case KIND.readResponse: {
      const context = expect(5);
      const ok = r.boolean();
      const barrier = r.uint();
      const proof = r.list((inner) => readVote(inner, barrier), VOTES_MAX);
      return { kind: 'readResponse', context, ok, barrier, proof };
    }
    default:
      return r.unexpected('kind of message', start);
  }
}

function readDirectVote(r: CborReader, kind: VoteKind, height: number): TendermintMessage {
  return { kind, height, round: r.uint(), id: readId(r), voter: nodeId(r.text()) };
}

function readProposal(r: CborReader, height: number, find: FindPayload, missing: Set<PayloadId>): TendermintMessage {
  const round = r.uint();
  const validRound = r.nullable((inner) => inner.uint());
  const epoch = readEpoch(r);
  const payload = findPayload(readPayloadId(r), find, missing);
  return { kind: 'proposal', height, round, validRound, epoch, payload, voter: nodeId(r.text()) };
}

function readDecided(r: CborReader, height: number, find: FindPayload, missing: Set<PayloadId>): TendermintMessage {
  const epoch = readEpoch(r);
  const payload = findPayload(readPayloadId(r), find, missing);
  const round = r.uint();
  const precommits = readSignatures(r, { kind: 'precommit', height, round, id: payload.id });
  return { kind: 'decided', height, epoch, payload, round, precommits };
}

/** A payload that is not at hand stands empty until the caller sees that it is missing. */
function findPayload(id: PayloadId, find: FindPayload, missing: Set<PayloadId>): Payload {
  const payload = find(id);
  if (payload) return payload;
  missing.add(id);
  return { id, bytes: new Uint8Array() };
}
