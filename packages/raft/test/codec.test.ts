import { BATCH_ENTRIES_MAX, createRng, NUMBER_MAX, type Payload, uniformBelow } from '@varve/consensus';
import { entryOf, fingerprint, names, payloadOf } from '@varve/consensus/testing';
import { encodeCbor, type PayloadId, toHex } from '@varve/encoding';
import { describe, expect, it } from 'vitest';
import { decodeHardState, encodeHardState } from '../src/codec.ts';
import { type RaftMessage, raft } from '../src/index.ts';
import { A, B, C, Cluster, hardStateOf } from './harness.ts';
import { Replica } from './replica.ts';

const messages: readonly RaftMessage[] = [
  { kind: 'requestPreVote', term: 3, lastIndex: 7, lastTerm: 2 },
  { kind: 'preVoteResponse', term: 3, granted: true },
  { kind: 'requestVote', term: 3, lastIndex: 7, lastTerm: 2, transfer: true },
  { kind: 'voteResponse', term: 3, granted: false, voter: A },
  {
    kind: 'appendEntries',
    term: 3,
    prevIndex: 4,
    prevTerm: 1,
    commit: 9,
    entries: [entryOf(5, 2, B, 'x'), entryOf(6, 3, C)],
  },
  { kind: 'appendEntries', term: 3, prevIndex: 0, prevTerm: 0, commit: 0, entries: [] },
  { kind: 'appendAccepted', term: 3, matchIndex: 2 ** 40, voter: B },
  { kind: 'appendRejected', term: 3, prevIndex: 8, hintIndex: 4, hintTerm: 2 },
  { kind: 'heartbeat', term: 3, commit: 4, context: 5 },
  { kind: 'heartbeatResponse', term: 3, context: 5 },
  { kind: 'snapshotNeeded', term: 3, index: 100 },
  { kind: 'timeoutNow', term: 3 },
  { kind: 'readRequest', term: 3, context: 2 ** 50 },
  { kind: 'readResponse', term: 3, context: 2 ** 50, index: 4, ok: false },
];
const payloads = new Map<PayloadId, Payload>([payloadOf('x')].map((payload) => [payload.id, payload]));
const find = (id: PayloadId) => payloads.get(id);

describe('messages', () => {
  it.each(messages.map((message) => ({ message })))('$message.kind survives encoding', ({ message }) => {
    const { body, payloads: named } = raft.encode(message);
    expect(raft.decode(body, find)).toEqual({ kind: 'message', message });
    expect(named).toEqual(message.kind === 'appendEntries' && message.entries.length > 0 ? [payloadOf('x')] : []);
  });

  it('has the bytes that the format says', () => {
    expect(toHex(raft.encode({ kind: 'heartbeat', term: 3, commit: 4, context: 5 }).body)).toBe('8408030405');
  });

  it('names missing payloads once each', () => {
    const entries = [entryOf(1, 1, A, 'x'), entryOf(2, 1, A, 'y'), entryOf(3, 1, A, 'y')];
    const { body } = raft.encode({ kind: 'appendEntries', term: 1, prevIndex: 0, prevTerm: 0, commit: 0, entries });
    expect(raft.decode(body, find)).toEqual({ kind: 'missing', payloads: [payloadOf('y').id] });
  });

  it.each([
    ['nothing', new Uint8Array()],
    ['no array', encodeCbor(1)],
    ['an unknown kind', encodeCbor([99, 1])],
    ['too few fields', encodeCbor([8, 1, 2])],
    ['too many fields', encodeCbor([8, 1, 2, 3, 4])],
    ['trailing bytes', new Uint8Array([...raft.encode({ kind: 'timeoutNow', term: 1 }).body, 0])],
    ['a name that is none', encodeCbor([6, 1, 1, 'No Name'])],
    ['a term out of range', encodeCbor([11, NUMBER_MAX + 1])],
    ['an index out of range', encodeCbor([5, 1, Number.MAX_SAFE_INTEGER, 1, 0, [[1, 'a', null]]])],
    ['a log of a later term', encodeCbor([3, 1, 5, 2, false])],
    ['an entry of a later term', encodeCbor([5, 1, 0, 0, 0, [[2, 'a', null]]])],
    ['an entry of term 0', encodeCbor([5, 1, 0, 0, 0, [[0, 'a', null]]])],
    [
      'terms that fall',
      encodeCbor([
        5,
        3,
        0,
        0,
        0,
        [
          [2, 'a', null],
          [1, 'a', null],
        ],
      ]),
    ],
    ['a short payload id', encodeCbor([5, 1, 0, 0, 0, [[1, 'a', new Uint8Array(31)]]])],
    [
      'too many entries',
      encodeCbor([5, 1, 0, 0, 0, Array.from({ length: BATCH_ENTRIES_MAX + 1 }, () => [1, 'a', null])]),
    ],
  ])('refuses %s', (_, body) => {
    expect(raft.decode(body, find).kind).toBe('malformed');
  });
});

describe('hard state', () => {
  it.each([
    { term: 0, votedFor: undefined },
    { term: 2 ** 40, votedFor: A },
  ])('$term survives encoding', (state) => {
    expect(decodeHardState(encodeHardState(state))).toEqual(state);
    expect(encodeHardState(state)).toEqual(hardStateOf(state.term, state.votedFor));
  });

  it('is refused when damaged', () => {
    expect(() => decodeHardState(new Uint8Array([0x83, 2, 0, 0xf6]))).toThrow();
  });
});

describe('vouched', () => {
  it('claims what the sender holds durably, and nothing for what promises nothing', () => {
    const claims = messages.map((message) => raft.vouched(message)).filter((slot) => slot);
    expect(claims).toEqual([{ index: 2 ** 40, epoch: { number: 3, node: B } }]);
    const vote = { kind: 'voteResponse', term: 3, granted: true, voter: C } as const;
    expect(raft.vouched(vote)).toEqual({ index: 0, epoch: { number: 3, node: C } });
  });

  it('never exceeds (term, last index) of the store, whatever happens', () => {
    const cluster = new Cluster({ n: 3, seed: 5, loss: 0.1, diskMsMax: 10 }).start();
    let claims = 0;
    cluster.filter = ({ from, message }) => {
      const slot = raft.vouched(message);
      if (!slot) return false;
      claims += 1;
      const { hardState, log, anchor } = cluster.host(from).store;
      const term = hardState ? decodeHardState(hardState).term : 0;
      const lastIndex = log.at(-1)?.index ?? anchor.index;
      expect(term >= slot.epoch.number && (term > slot.epoch.number || lastIndex >= slot.index)).toBe(true);
      return false;
    };
    for (let i = 0; i < 10; i++) {
      for (const id of cluster.ids) cluster.demand(id, 5);
      const id = cluster.ids[i % 3] ?? A;
      cluster.crash(id);
      cluster.run(1000);
      cluster.boot(id);
      cluster.run(300);
    }
    expect(claims).toBeGreaterThan(50);
  });

  it('asks for no signatures', () => {
    const message = messages[0];
    if (message)
      expect([raft.signBytes(message, '' as never), raft.statements(message, '' as never)]).toEqual([undefined, []]);
    expect([raft.name, raft.faultModel, raft.quorum(3), raft.quorum(4)]).toEqual(['raft', 'crash', 2, 3]);
  });
});

describe('fuzzing', () => {
  it('steps through any messages without throwing, the same way twice, and never takes back a commit', () => {
    const rng = createRng(new Uint8Array(16).fill(9));
    const pick = (below: number) => uniformBelow(rng, below);
    const nodes = names(5);
    const random = (): RaftMessage => {
      const [term, x, y, context] = [pick(6), pick(8), pick(6), pick(5)];
      const entries = Array.from({ length: pick(4) }, (_, i) =>
        entryOf(x + 1 + i, 1 + pick(5), nodes[pick(3)] ?? A, `${pick(9)}`),
      );
      const voter = nodes[pick(5)] ?? A;
      const kinds: readonly RaftMessage[] = [
        { kind: 'requestPreVote', term, lastIndex: x, lastTerm: y },
        { kind: 'preVoteResponse', term, granted: pick(2) === 0 },
        { kind: 'requestVote', term, lastIndex: x, lastTerm: y, transfer: pick(2) === 0 },
        { kind: 'voteResponse', term, granted: pick(4) > 0, voter },
        { kind: 'appendEntries', term, prevIndex: x, prevTerm: y, commit: pick(8), entries },
        { kind: 'appendAccepted', term, matchIndex: x, voter },
        { kind: 'appendRejected', term, prevIndex: x, hintIndex: pick(9), hintTerm: y },
        { kind: 'heartbeat', term, commit: x, context },
        { kind: 'heartbeatResponse', term, context },
        { kind: 'snapshotNeeded', term, index: x },
        { kind: 'timeoutNow', term },
        { kind: 'readRequest', term, context },
        { kind: 'readResponse', term, context, index: x, ok: true },
      ];
      return kinds[pick(kinds.length)] ?? { kind: 'timeoutNow', term };
    };
    for (let run = 0; run < 60; run++) {
      const [one, two] = [new Replica(A, 3), new Replica(A, 3)];
      let committed = 0;
      for (let i = 0; i < 200; i++) {
        const from = nodes[1 + pick(4)] ?? B;
        const message = random();
        const action = pick(8);
        for (const replica of [one, two]) {
          if (action === 0) replica.persist();
          else if (action === 1) replica.wake();
          else if (action === 2 && i % 7 === 0) replica.step({ kind: 'read', context: i });
          else replica.receive(from, message);
        }
        expect(fingerprint(one.last)).toBe(fingerprint(two.last));
        const status = one.status;
        expect(status.committed).toBeGreaterThanOrEqual(committed);
        expect(status.lastIndex).toBeGreaterThanOrEqual(status.committed);
        committed = status.committed;
      }
    }
  });
});
