import type { EngineOptions, Output } from '@varve/consensus';
import { type SaidBy, SoloReplica, type Store, saidIn } from '@varve/consensus/testing';
import type { NodeId } from '@varve/encoding';
import { type ZabMessage, zab } from '../src/index.ts';
import type { Notification } from '../src/message.ts';
import type { Vote, Zxid } from '../src/zxid.ts';

export { saidIn } from '@varve/consensus/testing';

export type Said = SaidBy<ZabMessage>;

export const zxid = (epoch: number, counter: number): Zxid => ({ epoch, counter });

export const voteFor = (leader: NodeId, currentEpoch = 0, last: Zxid = zxid(0, 0), named = false): Vote => ({
  leader,
  currentEpoch,
  zxid: last,
  named,
});

export const notification = (round: number, state: Notification['state'], vote: Vote): Notification => ({
  kind: 'notification',
  round,
  state,
  vote,
});

/** One ZAB engine under a test's full control. */
export class Replica extends SoloReplica<ZabMessage> {
  constructor(self: NodeId, n: number, store: Partial<Store> = {}, options: Partial<EngineOptions> = {}) {
    super(zab, self, n, store, options);
  }

  /** What it said last of its vote. */
  get vote(): Notification {
    const said = saidIn(this.last).find((one): one is SaidBy<Notification> => one.kind === 'notification');
    if (!said) throw new Error('it says nothing of its vote');
    return { kind: said.kind, round: said.round, state: said.state, vote: said.vote };
  }

  /** Is elected by `voters` in the first round, and hears what they had accepted. */
  discover(voters: readonly NodeId[], acceptedEpoch = 0): readonly Said[] {
    const { vote } = this;
    for (const voter of voters) this.receive(voter, vote);
    this.pass(100);
    const node = acceptedEpoch === 0 ? '' : this.self;
    for (const voter of voters)
      this.receive(voter, { kind: 'followerInfo', acceptedEpoch: { number: acceptedEpoch, node } });
    return this.persist();
  }

  /** Is elected, and its epoch accepted by `voters`, whose histories end at `last`. */
  synchronize(voters: readonly NodeId[], last: Zxid = zxid(0, 0), acceptedEpoch = 0): readonly Said[] {
    this.discover(voters, acceptedEpoch);
    const said: Said[] = [];
    for (const voter of voters) said.push(...saidIn(this.accept(voter, last)));
    return [...said, ...this.persist()];
  }

  accept(voter: NodeId, last: Zxid, currentEpoch = last.epoch): Output<ZabMessage> {
    return this.receive(voter, { kind: 'ackEpoch', epoch: this.epoch, currentEpoch, zxid: last, voter });
  }

  /** Leads, established by `voters`. */
  lead(voters: readonly NodeId[], last?: Zxid, acceptedEpoch?: number): this {
    this.synchronize(voters, last, acceptedEpoch);
    const { lastIndex } = this.status;
    for (const voter of voters)
      this.receive(voter, { kind: 'ackLeader', epoch: this.epoch, counter: lastIndex, voter });
    this.persist();
    return this;
  }

  acknowledge(voters: readonly NodeId[], counter: number = this.status.lastIndex): Output<ZabMessage> {
    for (const voter of voters) this.receive(voter, { kind: 'ack', epoch: this.epoch, counter, voter });
    return this.last;
  }

  /** Joins `leader`, which `others` follow, and accepts its epoch. */
  follow(leader: NodeId, others: readonly NodeId[], epoch: number): this {
    for (const other of others) this.receive(other, notification(9, 'following', voteFor(leader)));
    this.receive(leader, notification(9, 'leading', voteFor(leader)));
    this.receive(leader, { kind: 'newEpoch', epoch });
    this.persist();
    return this;
  }

  get epoch(): number {
    return this.status.epoch.number;
  }
}
