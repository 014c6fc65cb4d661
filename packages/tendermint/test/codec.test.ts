import { createRng, uniformBelow } from '@varve/consensus';
import { hashOf } from '@varve/consensus/testing';
import { bytesEqual, encodeCbor, fromHex, toHex } from '@varve/encoding';
import { describe, expect, it } from 'vitest';
import { decodeHardState, encodeHardState, type HardState } from '../src/hard-state.ts';
import { tendermint } from '../src/index.ts';
import type { Decided, SignedVote, TendermintMessage, Votes } from '../src/message.ts';
import { decodeProof, encodeProof } from '../src/proof.ts';
import { bundle, decidedOf, proposalOf, V, voteOf, votesOf, W } from './builders.ts';
import { A, B, C, D, INSTANCE } from './harness.ts';

const find = (id: string) => [V, W].find((payload) => payload.id === id);
const prevote: TendermintMessage = { kind: 'prevote', height: 3, round: 1, id: V.id, voter: B };

const messages: readonly TendermintMessage[] = [
  proposalOf(4, 0, V),
  proposalOf(4, 5, V, { validRound: 2, first: 1 }),
  prevote,
  { ...prevote, kind: 'precommit', id: null },
  bundle([...votesOf('prevote', 0, V.id, [A, B]), voteOf('precommit', 2, null, C)]),
  bundle([], 7, 3),
  { kind: 'status', height: 4, round: 0, base: 2, reply: true },
  decidedOf(4, 9, W, [A, C, D], 2),
  { kind: 'readRequest', context: 77 },
  { kind: 'readResponse', context: 77, ok: true, barrier: 5, proof: votesOf('precommit', 0, V.id, [A, B, C], 5) },
  { kind: 'readResponse', context: 1, ok: false, barrier: 0, proof: [] },
];

describe('messages', () => {
  it.each(messages.map((message) => [message.kind, message] as const))('%s comes back as it was', (_, message) => {
    const { body, payloads } = tendermint.encode(message);
    expect(tendermint.decode(body, find)).toEqual({ kind: 'message', message });
    expect(payloads).toEqual('payload' in message ? [message.payload] : []);
  });

  it('a payload that is not at hand is missing', () => {
    const { body } = tendermint.encode(proposalOf(4, 0, V));
    expect(tendermint.decode(body, () => undefined)).toEqual({ kind: 'missing', payloads: [V.id] });
  });

  it.each([
    { name: 'height 0', message: { ...prevote, height: 0 } },
    { name: 'a height beyond all chains', message: { ...prevote, height: 2 ** 53 - 1 } },
    { name: 'a round beyond all time', message: { ...prevote, round: 2 ** 50 } },
    { name: 'a new payload of another round', message: { ...proposalOf(4, 1, V), epoch: { number: 1, node: A } } },
    { name: 'a new payload of another proposer', message: { ...proposalOf(4, 1, V), epoch: { number: 2, node: A } } },
    { name: 'valid in its own round', message: { ...proposalOf(4, 1, V), validRound: 1 } },
    { name: 'valid before it was proposed', message: { ...proposalOf(4, 5, V, { validRound: 1, first: 2 }) } },
    { name: 'precommits of nobody in particular', message: { ...decidedOf(4, 9, W, [C, A, D]) } },
    { name: 'a precommit twice', message: { ...decidedOf(4, 9, W, [A, A, D]) } },
    {
      name: 'decided before it was proposed',
      message: { ...decidedOf(4, 9, W, [A, B, C]), epoch: { number: 2, node: B } },
    },
    {
      name: 'a long signature',
      message: bundle([{ ...voteOf('prevote', 0, null, A), signature: new Uint8Array(65) }]),
    },
  ])('$name is malformed', ({ message }) => {
    const { body } = tendermint.encode(message as TendermintMessage);
    expect(tendermint.decode(body, find).kind).toBe('malformed');
  });

  it('every change of a byte is refused or gives another message', () => {
    for (const message of messages) {
      const { body } = tendermint.encode(message);
      for (let at = 0; at < body.length; at++) {
        const changed = body.slice();
        changed[at] = (changed[at] ?? 0) ^ 1;
        const decoded = tendermint.decode(changed, find);
        if (decoded.kind === 'message') expect(bytesEqual(tendermint.encode(decoded.message).body, changed)).toBe(true);
      }
    }
  });

  it('decoding random bytes never throws', () => {
    const rng = createRng(hashOf('random bytes'));
    for (let i = 0; i < 5000; i++) {
      const bytes = Uint8Array.from({ length: uniformBelow(rng, 60) }, () => uniformBelow(rng, 256));
      expect(['message', 'missing', 'malformed']).toContain(tendermint.decode(bytes, find).kind);
    }
  });
});

describe('what is signed', () => {
  it('a vote signs domain, instance, kind, height, round and payload', () => {
    const expected = encodeCbor(['varve/vote/1', fromHex(INSTANCE), 1, 3, 1, fromHex(V.id)]);
    expect(tendermint.signBytes(prevote, INSTANCE)).toEqual(expected);
    const nil = encodeCbor(['varve/vote/1', fromHex(INSTANCE), 2, 3, 1, null]);
    expect(tendermint.signBytes({ ...prevote, kind: 'precommit', id: null }, INSTANCE)).toEqual(nil);
  });

  it('a proposal signs also its valid round and the epoch of its payload', () => {
    const message = proposalOf(4, 5, V, { validRound: 2, first: 1 });
    const parts = ['varve/proposal/1', fromHex(INSTANCE), 1, 5, 2, [2, 'b'], fromHex(V.id)];
    expect(tendermint.signBytes(message, INSTANCE)).toEqual(encodeCbor(parts));
  });

  it('any two different statements sign different bytes', () => {
    const other = '11'.repeat(32) as typeof INSTANCE;
    const votes = (['prevote', 'precommit'] as const).flatMap((kind) =>
      [1, 2].flatMap((height) =>
        [0, 1].flatMap((round) =>
          [V.id, W.id, null].map((id) => ({ kind, height, round, id, voter: A }) satisfies TendermintMessage),
        ),
      ),
    );
    const proposals = [
      proposalOf(4, 0, V),
      proposalOf(4, 0, W),
      proposalOf(4, 1, V),
      proposalOf(4, 5, V, { validRound: 2 }),
      proposalOf(4, 5, V, { validRound: 2, first: 1 }),
    ];
    const bytes = [INSTANCE, other].flatMap((instance) =>
      [...votes, ...proposals].map((message) => toHex(tendermint.signBytes(message, instance) ?? new Uint8Array())),
    );
    expect(new Set(bytes).size).toBe(bytes.length);
  });

  it('only proposals and votes are signed by their sender', () => {
    const signed = messages.filter((message) => tendermint.signBytes(message, INSTANCE)).map(({ kind }) => kind);
    expect(new Set(signed)).toEqual(new Set(['proposal', 'prevote', 'precommit']));
  });
});

/** Each changes one thing that a certificate says. */
const CHANGES: readonly { readonly name: string; readonly change: (vote: SignedVote) => SignedVote }[] = [
  { name: 'height', change: (vote) => ({ ...vote, height: vote.height + 1 }) },
  { name: 'round', change: (vote) => ({ ...vote, round: vote.round + 1 }) },
  { name: 'kind', change: (vote) => ({ ...vote, kind: vote.kind === 'prevote' ? 'precommit' : 'prevote' }) },
  { name: 'payload', change: (vote) => ({ ...vote, id: vote.id === V.id ? W.id : V.id }) },
  { name: 'nil', change: (vote) => ({ ...vote, id: vote.id === null ? V.id : null }) },
  { name: 'voter', change: (vote) => ({ ...vote, voter: vote.voter === B ? D : B }) },
];

describe('statements', () => {
  const votes = votesOf('precommit', 2, V.id, [A, B, C]);
  const certificates: readonly TendermintMessage[] = [
    bundle(votes, 1, 2),
    { ...decidedOf(4, 1, V, [A, B, C], 2), precommits: votes },
    { kind: 'readResponse', context: 1, ok: true, barrier: 1, proof: votes },
  ];

  it.each(certificates.map((message) => [message.kind, message] as const))('every vote in %s is one', (_, message) => {
    const expected = votes.map((vote) => ({
      voter: vote.voter,
      bytes: tendermint.signBytes({ ...vote }, INSTANCE),
      signature: vote.signature,
    }));
    expect(tendermint.statements(message, INSTANCE)).toEqual(expected);
  });

  it.each(CHANGES)('a changed $name changes what has to verify', ({ change }) => {
    const [first] = votes;
    if (!first) throw new Error('no vote');
    const changed = change(first);
    const before = tendermint.statements(bundle([first]), INSTANCE);
    const after = tendermint.statements({ ...bundle([changed]), height: changed.height }, INSTANCE);
    expect(after).not.toEqual(before);
  });

  it.each(CHANGES.filter(({ name }) => name !== 'voter'))(
    'a decision with one precommit of another $name is not encoded as such',
    ({ change }) => {
      const message = {
        ...decidedOf(4, 1, V, [A, B, C], 2),
        precommits: votes.map((vote, i) => (i === 1 ? change(vote) : vote)),
      };
      const decoded = tendermint.decode(tendermint.encode(message).body, find);
      // The wire has one height, round and payload for all: the changed signature no longer verifies.
      if (decoded.kind !== 'message') throw new Error(decoded.kind);
      const statements = tendermint.statements(decoded.message, INSTANCE);
      expect(statements[1]?.bytes).toEqual(tendermint.signBytes({ ...(votes[1] as SignedVote) }, INSTANCE));
      expect((decoded.message as Decided).precommits).toEqual(votes.map((vote) => ({ ...vote })));
    },
  );

  it('messages without votes of others have none', () => {
    for (const message of messages) {
      const count = tendermint.statements(message, INSTANCE).length;
      const votesIn =
        (message as Votes).votes ?? (message as Decided).precommits ?? (message as { proof?: [] }).proof ?? [];
      expect(count).toBe(votesIn.length);
    }
  });
});

describe('vouched', () => {
  it('rises by height, then round, then step, and names the claimant', () => {
    const proposal = proposalOf(4, 1, V);
    const claims = [
      { ...prevote, height: 1, round: 0 },
      { ...prevote, kind: 'precommit', height: 1, round: 0 },
      proposal,
      { ...prevote, height: 1, round: 1 },
      { ...prevote, kind: 'precommit', height: 1, round: 9 },
      { ...prevote, height: 2, round: 0 },
    ].map((message) => tendermint.vouched(message as TendermintMessage));
    const sorted = [...claims].sort(
      (a, b) => (a?.epoch.number ?? 0) - (b?.epoch.number ?? 0) || (a?.index ?? 0) - (b?.index ?? 0),
    );
    expect(claims).toEqual(sorted);
    expect(new Set(claims.map((claim) => `${claim?.epoch.number}/${claim?.index}`)).size).toBe(claims.length);
    expect(claims.every((claim) => claim?.epoch.node === B)).toBe(true);
  });

  it('only what is signed claims anything', () => {
    for (const message of messages) {
      const isSigned = tendermint.signBytes(message, INSTANCE) !== undefined;
      expect(tendermint.vouched(message) !== undefined).toBe(isSigned);
    }
  });
});

describe('records', () => {
  const polka = votesOf('prevote', 1, V.id, [A, B, C], 8);
  const states: readonly HardState[] = [
    { height: 8, round: 0, entered: [], said: {}, locked: undefined, valid: undefined },
    {
      height: 8,
      round: 2,
      entered: votesOf('precommit', 1, null, [A, C, D], 8),
      said: { prevote: null },
      locked: { round: 1, id: W.id },
      valid: { round: 1, id: V.id, polka },
    },
    {
      height: 8,
      round: 3,
      entered: [],
      said: { proposal: { id: V.id, validRound: 1, epoch: { number: 2, node: A } }, prevote: V.id, precommit: null },
      locked: { round: 1, id: V.id },
      valid: { round: 1, id: V.id, polka },
    },
  ];

  it.each(states)('hard state comes back as it was', (state) => {
    expect(decodeHardState(encodeHardState(state))).toEqual(state);
  });

  it('hard state that is cut, at any byte, is refused', () => {
    for (const state of states) {
      const bytes = encodeHardState(state);
      for (let length = 0; length < bytes.length; length++)
        expect(() => decodeHardState(bytes.subarray(0, length))).toThrow();
    }
  });

  it('a proof comes back, and nothing else is one', () => {
    const precommits = votesOf('precommit', 2, V.id, [A, B, C], 5);
    const bytes = encodeProof(2, precommits);
    expect(decodeProof(bytes, 5, V.id)).toEqual({ round: 2, precommits });
    expect(decodeProof(bytes.subarray(1), 5, V.id)).toBeUndefined();
  });
});
