import { uniformBelow } from '@varve/consensus';
import { type ClusterOptions, EngineCluster, payloadOf } from '@varve/consensus/testing';
import type { NodeId, PayloadId } from '@varve/encoding';
import { type TendermintMessage, tendermint } from '../src/index.ts';
import type { SignedVote, Vote, VoteKind } from '../src/message.ts';
import { epochOf, proposerOf } from '../src/proposer.ts';
import { signOnce } from './harness.ts';

const ACT_MS = 7;
/** Votes of the honest that liars pass on, at most. */
const OVERHEARD_MAX = 200;

/** A cluster some of whose nodes have no engine, but a script that may say anything. */
export class LyingCluster extends EngineCluster<TendermintMessage> {
  readonly liars: readonly NodeId[];
  readonly honest: readonly NodeId[];
  /** Signed votes of anybody, as they were sent. */
  readonly overheard: SignedVote[] = [];
  isLying = true;

  constructor(options: Omit<ClusterOptions<TendermintMessage>, 'invariants' | 'liars'>, liars: readonly NodeId[]) {
    super(tendermint, { ...options, liars, invariants: signOnce() });
    this.liars = liars;
    this.honest = this.ids.filter((id) => !liars.includes(id));
  }

  override start(): this {
    for (const id of this.honest) this.boot(id);
    return this;
  }

  /** Every few milliseconds each liar says something at random to each honest node. */
  lie(): this {
    const act = () => {
      if (this.isLying) for (const liar of this.liars) for (const to of this.honest) this.#lieTo(liar, to);
      this.at(this.now + ACT_MS, act);
    };
    this.at(this.now + ACT_MS, act);
    return this;
  }

  say(from: NodeId, to: NodeId, message: TendermintMessage): void {
    this.at(this.now + 1, () => this.inject(this.wire.seal({ from, to, message })));
  }

  signed(vote: Vote): SignedVote {
    const { signature } = this.wire.sign({ from: vote.voter, to: vote.voter, message: vote });
    return { ...vote, signature: signature ?? new Uint8Array() };
  }

  /** A payload that the hosts accept in its slot. */
  forge(liar: NodeId, height: number, round: number, text: string): Extract<TendermintMessage, { kind: 'proposal' }> {
    const epoch = epochOf(this.ids, height, round);
    const payload = payloadOf(`${height}/${round}/${liar}/${text}`);
    if (!this.history.proposals.has(payload.id)) this.history.notePropose(liar, { index: height, epoch }, payload);
    return { kind: 'proposal', height, round, validRound: null, epoch, payload, voter: liar };
  }

  protected override post(envelope: Parameters<EngineCluster<TendermintMessage>['post']>[0]): void {
    super.post(envelope);
    const { message } = envelope;
    if (message.kind !== 'prevote' && message.kind !== 'precommit') return;
    this.overheard.push(this.signed(message));
    if (this.overheard.length > OVERHEARD_MAX) this.overheard.shift();
  }

  #lieTo(liar: NodeId, to: NodeId): void {
    const pick = (below: number) => uniformBelow(this.rng, below);
    const { committed, epoch } = this.status(to);
    const height = committed + 1 + (pick(8) === 0 ? 1 : 0);
    const present = epoch.number - 1;
    const round = pick(3) > 0 ? present : pick(2) === 0 ? pick(present + 2) : present + pick(40);
    const ids = this.#idsAt(height);
    const id = ids[pick(ids.length + 1)] ?? null;
    const kind: VoteKind = pick(2) === 0 ? 'prevote' : 'precommit';
    switch (pick(9)) {
      case 0:
      case 1:
      case 2:
        return this.say(liar, to, { kind, height, round, id, voter: liar });
      case 3:
      case 4:
        return this.#propose(liar, to, height, round, pick(3));
      case 5: {
        const mine = [0, 1, 2].map((n) =>
          this.signed({ kind, height, round: Math.max(0, round - n), id, voter: liar }),
        );
        const others = this.overheard.filter((vote) => vote.height === height && pick(2) === 0);
        return this.say(liar, to, { kind: 'votes', height, round, votes: [...mine, ...others] });
      }
      case 6:
        return this.say(liar, to, {
          kind: 'status',
          height: pick(3) * height,
          round,
          base: pick(20),
          reply: pick(2) === 0,
        });
      case 7:
        return this.#lieAboutDecision(liar, to, committed + 1, pick(3));
      default:
        return this.say(liar, to, { kind: 'readResponse', context: pick(2 ** 30), ok: true, barrier: 9999, proof: [] });
    }
  }

  #idsAt(height: number): readonly PayloadId[] {
    return [...this.history.proposals].filter(([, { slot }]) => slot.index === height).map(([id]) => id);
  }

  #propose(liar: NodeId, to: NodeId, height: number, round: number, variant: number): void {
    if (proposerOf(this.ids, height, round) !== liar) return;
    const fresh = this.forge(liar, height, round, `${variant}`);
    const [old] = [...this.history.proposals].filter(
      ([, { slot }]) => slot.index === height && slot.epoch.number <= round && slot.epoch.number > 0,
    );
    const payload = old && this.history.payloads.get(old[0]);
    // Now and then a payload of an earlier round, with a polka that perhaps never was.
    if (!old || !payload || variant > 0) return this.say(liar, to, fresh);
    this.say(liar, to, { ...fresh, payload, epoch: old[1].slot.epoch, validRound: round - 1 });
  }

  /** A true decision with a wrong epoch, or too few precommits. */
  #lieAboutDecision(liar: NodeId, to: NodeId, height: number, variant: number): void {
    const known = [...this.history.proposals].find(([, { slot }]) => slot.index === height);
    const payload = known && this.history.payloads.get(known[0]);
    if (!known || !payload) return;
    const { epoch } = known[1].slot;
    const precommits = this.overheard
      .filter((vote) => vote.kind === 'precommit' && vote.height === height && vote.id === payload.id)
      .filter((vote, i, all) => all.findIndex(({ voter }) => voter === vote.voter) === i);
    const round = precommits[0]?.round ?? epoch.number - 1;
    const own = this.signed({ kind: 'precommit', height, round, id: payload.id, voter: liar });
    const votes = [...precommits.filter((vote) => vote.round === round && vote.voter !== liar), own];
    votes.sort((a, b) => (a.voter < b.voter ? -1 : 1));
    const wrong = { number: epoch.number, node: this.ids[variant] ?? liar };
    if (wrong.number > round + 1) return;
    this.say(liar, to, { kind: 'decided', height, epoch: wrong, payload, round, precommits: votes });
  }
}
