import type { EngineOptions, Output } from '@varve/consensus';
import { SoloReplica, type Store } from '@varve/consensus/testing';
import type { NodeId } from '@varve/encoding';
import { type RaftMessage, raft } from '../src/index.ts';

export { saidIn } from '@varve/consensus/testing';

/** One Raft engine under a test's full control. */
export class Replica extends SoloReplica<RaftMessage> {
  constructor(self: NodeId, n: number, store: Partial<Store> = {}, options: Partial<EngineOptions> = {}) {
    super(raft, self, n, store, options);
  }

  /** Wins an election in the next term with `voters`. Its no-op is committed when `voters` acknowledge it. */
  lead(voters: readonly NodeId[], acknowledge = true): this {
    this.wake();
    this.persist();
    for (const voter of voters) this.receive(voter, { kind: 'preVoteResponse', term: this.term + 1, granted: true });
    this.persist();
    for (const voter of voters) this.receive(voter, { kind: 'voteResponse', term: this.term, granted: true, voter });
    this.persist();
    if (acknowledge) this.acknowledge(voters);
    return this;
  }

  acknowledge(voters: readonly NodeId[], matchIndex: number = this.status.lastIndex): Output<RaftMessage> {
    for (const voter of voters) this.receive(voter, { kind: 'appendAccepted', term: this.term, matchIndex, voter });
    return this.last;
  }

  get term(): number {
    return this.status.epoch.number;
  }
}
