import { BATCH_ENTRIES_MAX, createRng, NUMBER_MAX, type Payload, uniformBelow } from '@varve/consensus';
import { entryOf, fingerprint, names, payloadOf } from '@varve/consensus/testing';
import { encodeCbor, type PayloadId, toHex } from '@varve/encoding';
import { describe, expect, it } from 'vitest';
import { BALLOT_ZERO, isBallotOf, nextBallot } from '../src/ballot.ts';
import { decodeHardState, encodeHardState } from '../src/codec.ts';
import { type PaxosMessage, paxos } from '../src/index.ts';
import { A, B, ballotOf, C, Cluster, hardStateOf } from './harness.ts';
import { Replica } from './replica.ts';

const ballot = ballotOf(6);
const entries = [entryOf(5, 2, B, 'x'), entryOf(6, 3, C)];
const messages: readonly PaxosMessage[] = [
  { kind: 'heartbeatRequest', ballot: BALLOT_ZERO, round: 2 ** 50 },
  { kind: 'heartbeatReply', ballot, round: 2 ** 50, happy: true },
  { kind: 'prepare', ballot, acceptedRound: ballotOf(2), lastIndex: 7, decided: 5 },
  { kind: 'promise', ballot, acceptedRound: ballotOf(3), lastIndex: 6, decided: 5, prevIndex: 4, entries, voter: A },
  { kind: 'acceptSync', ballot, prevIndex: 4, prevEpoch: ballotOf(1), decided: 5, entries, syncIndex: 9 },
  { kind: 'acceptSync', ballot, prevIndex: 0, prevEpoch: BALLOT_ZERO, decided: 0, entries: [], syncIndex: 0 },
  { kind: 'acceptDecide', ballot, prevIndex: 4, prevEpoch: ballotOf(1), decided: 9, entries },
  { kind: 'accepted', ballot, lastIndex: 2 ** 40, voter: B },
  { kind: 'decide', ballot, decided: 4, sentIndex: 7, accepted: 6, context: 2 },
  { kind: 'confirm', ballot, context: 2 },
  { kind: 'syncNeeded', ballot, index: 100 },
  { kind: 'takeOver', ballot },
  { kind: 'readRequest', ballot, context: 2 ** 50 },
  { kind: 'readResponse', ballot, context: 2 ** 50, index: 4, ok: false },
];
const payloads = new Map<PayloadId, Payload>([payloadOf('x')].map((payload) => [payload.id, payload]));
const find = (id: PayloadId) => payloads.get(id);

describe('ballots', () => {
  it('belong to one voter each, and the next one is above all that were seen', () => {
    const voters = names(5);
    for (let number = 0; number < 40; number++) {
      for (const voter of voters) {
        const next = nextBallot(voters, voter, number);
        expect(next.number > number && next.number <= number + 5).toBe(true);
        for (const other of voters) expect(isBallotOf(voters, { ...next, node: other })).toBe(other === voter);
      }
    }
    expect(isBallotOf(voters, BALLOT_ZERO)).toBe(true);
    expect(isBallotOf(voters, { number: 0, node: A })).toBe(false);
  });
});

describe('messages', () => {
  it.each(messages.map((message) => ({ message })))('$message.kind survives encoding', ({ message }) => {
    const { body, payloads: named } = paxos.encode(message);
    expect(paxos.decode(body, find)).toEqual({ kind: 'message', message });
    expect(named).toEqual('entries' in message && message.entries.length > 0 ? [payloadOf('x')] : []);
  });

  it('has the bytes that the format says', () => {
    expect(toHex(paxos.encode({ kind: 'confirm', ballot: ballotOf(1), context: 5 }).body)).toBe('83098201616105');
  });

  it('names missing payloads once each', () => {
    const lacking = [entryOf(1, 1, A, 'x'), entryOf(2, 1, A, 'y'), entryOf(3, 1, A, 'y')];
    const place = { prevIndex: 0, prevEpoch: BALLOT_ZERO, decided: 0 };
    const { body } = paxos.encode({ kind: 'acceptDecide', ballot, ...place, entries: lacking });
    expect(paxos.decode(body, find)).toEqual({ kind: 'missing', payloads: [payloadOf('y').id] });
  });

  const six = [6, 'c'];
  it.each([
    ['nothing', new Uint8Array()],
    ['no array', encodeCbor(1)],
    ['an unknown kind', encodeCbor([99, six])],
    ['too few fields', encodeCbor([9, six])],
    ['too many fields', encodeCbor([9, six, 1, 2])],
    ['trailing bytes', new Uint8Array([...paxos.encode({ kind: 'takeOver', ballot }).body, 0])],
    ['a name that is none', encodeCbor([7, six, 1, 'No Name'])],
    ['a ballot out of range', encodeCbor([11, [NUMBER_MAX + 1, 'a']])],
    ['an index out of range', encodeCbor([3, six, null, Number.MAX_SAFE_INTEGER, 0])],
    ['decided beyond its log', encodeCbor([3, six, null, 4, 5])],
    ['accepted in a later ballot', encodeCbor([3, six, [7, 'a'], 4, 2])],
    ['an entry of a later ballot', encodeCbor([6, six, 0, null, 0, [[7, 'a', null]]])],
    ['an entry above its round', encodeCbor([4, six, [2, 'b'], 1, 0, 0, [[3, 'c', null]], 'a'])],
    ['an entry of ballot 0', encodeCbor([6, six, 0, null, 0, [[0, 'a', null]]])],
    ['an entry below the place', encodeCbor([6, six, 1, [5, 'b'], 0, [[4, 'a', null]]])],
    ['a part beyond its end', encodeCbor([5, six, 3, [2, 'b'], 0, [[4, 'a', null]], 3])],
    ['too many entries', encodeCbor([6, six, 0, null, 0, Array.from({ length: BATCH_ENTRIES_MAX + 1 }, () => six)])],
  ])('refuses %s', (_, body) => {
    expect(paxos.decode(body, find).kind).toBe('malformed');
  });

  it('vouch for what they promise and accept, and for nothing else', () => {
    const claims = messages.map((message) => [message.kind, paxos.vouched(message)]);
    expect(claims.filter(([, claim]) => claim)).toEqual([
      ['promise', { index: 0, epoch: ballot }],
      ['accepted', { index: 2 ** 40, epoch: ballot }],
    ]);
  });
});

describe('hard state', () => {
  it('is both ballots, and survives', () => {
    for (const state of [
      { promised: BALLOT_ZERO, acceptedRound: BALLOT_ZERO },
      { promised: ballotOf(5), acceptedRound: ballotOf(3) },
    ]) {
      expect(decodeHardState(encodeHardState(state))).toEqual(state);
    }
    expect(toHex(hardStateOf(2, 1))).toBe('83018202616282016161');
  });

  it.each([
    ['another version', encodeCbor([2, null, null])],
    ['one ballot', encodeCbor([1, null])],
    ['trailing bytes', new Uint8Array([...hardStateOf(1), 0])],
  ])('is refused where it is %s: a damaged store must not promise', (_, bytes) => {
    expect(() => new Replica(A, 3, { hardState: bytes })).toThrow();
  });
});

it('an engine that hears only its own messages, encoded and decoded, does the same', () => {
  const cluster = new Cluster({ n: 3, seed: 'codec', record: true }).start();
  cluster.elect();
  cluster.demandAll(10).run(500);
  const rng = createRng(new Uint8Array(32).fill(7));
  for (let i = 0; i < 200; i++) {
    const { message } = cluster.sent[uniformBelow(rng, cluster.sent.length)] ?? {};
    if (!message) continue;
    const again = paxos.decode(paxos.encode(message).body, (id) => cluster.history.payloads.get(id));
    expect(fingerprint(again)).toBe(fingerprint({ kind: 'message', message }));
  }
});
