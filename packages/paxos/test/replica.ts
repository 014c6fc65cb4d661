import type { EngineOptions, Input, Output } from '@varve/consensus';
import { type SaidBy, SoloReplica, type Store } from '@varve/consensus/testing';
import type { NodeId } from '@varve/encoding';
import { BALLOT_ZERO, type Ballot } from '../src/ballot.ts';
import { type PaxosMessage, paxos } from '../src/index.ts';
import type { Promised } from '../src/message.ts';

export { saidIn } from '@varve/consensus/testing';

export type Said = SaidBy<PaxosMessage>;

/** A voter whose log is empty. */
export const NOTHING = { acceptedRound: BALLOT_ZERO, lastIndex: 0, decided: 0, prevIndex: 0, entries: [] } as const;

/** One Paxos engine under a test's full control. */
export class Replica extends SoloReplica<PaxosMessage> {
  #round = 0;

  constructor(self: NodeId, n: number, store: Partial<Store> = {}, options: Partial<EngineOptions> = {}) {
    super(paxos, self, n, store, options);
    this.#noteRound(this.last);
  }

  override step(input: Input<PaxosMessage>): Output<PaxosMessage> {
    return this.#noteRound(super.step(input));
  }

  #noteRound(output: Output<PaxosMessage>): Output<PaxosMessage> {
    for (const { message } of output.send) if (message.kind === 'heartbeatRequest') this.#round = message.round;
    return output;
  }

  /** `peers` answer in this round that they are unhappy, and follow nobody. */
  hearUnhappy(peers: readonly NodeId[], ballot: Ballot = BALLOT_ZERO): void {
    for (const id of peers) this.receive(id, { kind: 'heartbeatReply', ballot, round: this.#round, happy: false });
  }

  /** The leader of `ballot` answers that it has a quorum. */
  hearHappy(ballot: Ballot): void {
    this.receive(ballot.node as NodeId, { kind: 'heartbeatReply', ballot, round: this.#round, happy: true });
  }

  /** Time passes until the node's round ends. */
  endRound(): this {
    const before = this.#round;
    while (this.#round === before) this.wake();
    return this;
  }

  /** Takes a ballot: two rounds in which nobody has a leader. */
  campaign(): this {
    const { peers } = this.status;
    for (let rounds = 0; this.status.role !== 'candidate'; rounds++) {
      if (rounds === 3) throw new Error('it takes no ballot');
      this.hearUnhappy(peers.map(({ id }) => id));
      this.endRound();
    }
    return this;
  }

  /** Takes a ballot, and gets the promises of `voters`, whose logs are empty. */
  lead(voters: readonly NodeId[]): this {
    this.campaign().persist();
    for (const voter of voters) this.promise(voter);
    this.persist();
    return this;
  }

  /** `voter` promises the own ballot. */
  promise(voter: NodeId, claim: Partial<Promised> = {}): Output<PaxosMessage> {
    return this.receive(voter, { kind: 'promise', ballot: this.ballot, voter, ...NOTHING, ...claim });
  }

  accepted(voters: readonly NodeId[], lastIndex: number = this.status.lastIndex): Output<PaxosMessage> {
    for (const voter of voters) this.receive(voter, { kind: 'accepted', ballot: this.ballot, lastIndex, voter });
    return this.last;
  }

  get ballot(): Ballot {
    return this.status.epoch;
  }
}
