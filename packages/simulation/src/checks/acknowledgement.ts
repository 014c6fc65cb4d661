import type { NodeId } from '@varve/encoding';
import type { PaxosMessage } from '@varve/paxos';
import type { RaftMessage } from '@varve/raft';
import type { ZabMessage } from '@varve/zab';

/** What crash engines say to each other. */
export type CrashMessage = RaftMessage | PaxosMessage | ZabMessage;

/** The log of `voter` is durably that of the leader of `epoch` up to `index`. */
export interface Acknowledgement {
  readonly epoch: number;
  readonly index: number;
  readonly voter: NodeId;
}

/** What a message acknowledges, where it does. */
export function acknowledgementIn(message: CrashMessage): Acknowledgement | undefined {
  switch (message.kind) {
    case 'appendAccepted':
      return { epoch: message.term, index: message.matchIndex, voter: message.voter };
    case 'ack':
    case 'ackLeader':
      return { epoch: message.epoch, index: message.counter, voter: message.voter };
    case 'accepted':
      return { epoch: message.ballot.number, index: message.lastIndex, voter: message.voter };
    default:
      return undefined;
  }
}
