import type { Envelope, Output, Protocol } from '@varve/consensus';
import { CborReader, type InstanceId, type NodeId } from '@varve/encoding';
import type { ZabMessage } from '@varve/zab';
import type { LeaderRun } from './leader-run.ts';
import { type Companion, LeaderWatch, type Wording } from './leader-watch.ts';
import type { Stand } from './store-model.ts';
import type { Report, WatchParts } from './violation.ts';

type AckEpoch = Extract<ZabMessage, { readonly kind: 'ackEpoch' }>;

const WORDING: Wording<ZabMessage> = {
  standIn,
  // NEWEPOCH too: a leader that crashed before its epoch is durable would propose the same one again.
  promisedIn: (message) => {
    switch (message.kind) {
      case 'newEpoch':
      case 'ackEpoch':
      case 'ackLeader':
      case 'ack':
        return message.epoch;
      default:
        return undefined;
    }
  },
  sentIn: (message) => (message.kind === 'diff' || message.kind === 'proposal' ? message.epoch : undefined),
  // What was acknowledged before counts from then on: a history without its currentEpoch loses elections.
  isJoining: ({ kind }) => kind === 'ackLeader',
  askedIn: (message) => (message.kind === 'ping' ? message.context : undefined),
  confirmedIn: (message) => (message.kind === 'pong' ? { epoch: message.epoch, round: message.context } : undefined),
};

/**
 * Looks at every ZAB engine for what the paper promises (Junqueira, Reed and Serafini 2011): what `LeaderWatch` knows, and
 * of discovery and synchronization that a voter acknowledges one leader in an epoch, that a leader begins with the best
 * history of a quorum, and that it is established by one.
 */
export class ZabWatch {
  readonly #leaders: LeaderWatch<ZabMessage>;
  /** By instance, epoch and voter: whose epoch that voter acknowledged. */
  readonly #acknowledged = new Map<string, NodeId>();
  readonly #parts: WatchParts;

  constructor(parts: WatchParts) {
    this.#parts = parts;
    this.#leaders = new LeaderWatch(WORDING, parts);
  }

  /** `protocol`, which is ZAB, with engines that are watched. */
  watched(protocol: Protocol<unknown>): Protocol<unknown> {
    return this.#leaders.watched(protocol, (run, { options }) => {
      const heard = (message: AckEpoch): void => this.#heard(options.instance, run.self, message);
      return new ZabRun(run, heard, this.#parts.report);
    });
  }

  /** ACKEPOCH arrives at its leader, and counts there. */
  #heard(instance: InstanceId, leader: NodeId, { epoch, voter }: AckEpoch): void {
    if (this.#parts.isForgetful(voter)) return;
    const place = `${instance} ${epoch} ${voter}`;
    const known = this.#acknowledged.get(place);
    this.#acknowledged.set(place, leader);
    if (known === undefined || known === leader) return;
    this.#parts.report(
      'one leader is acknowledged in an epoch',
      `${voter} acknowledges ${known} and ${leader} in epoch ${epoch}`,
    );
  }
}

/** What of a run only ZAB knows. */
class ZabRun implements Companion<ZabMessage> {
  readonly #run: LeaderRun<ZabMessage>;
  readonly #heard: (message: AckEpoch) => void;
  readonly #report: Report;
  /** Histories by voter, of the epoch that was acknowledged last. */
  #histories = new Map<NodeId, AckEpoch>();
  #epoch = 0;
  #established = 0;

  constructor(run: LeaderRun<ZabMessage>, heard: (message: AckEpoch) => void, report: Report) {
    this.#run = run;
    this.#heard = heard;
    this.#report = report;
  }

  heard({ from, message }: Envelope<ZabMessage>): void {
    if (message.kind !== 'ackEpoch' || message.voter !== from || message.epoch < this.#epoch) return;
    if (message.epoch > this.#epoch) this.#histories = new Map();
    this.#epoch = message.epoch;
    this.#histories.set(from, message);
    this.#heard(message);
  }

  said({ send }: Output<ZabMessage>, begun: number | undefined): void {
    if (begun !== undefined) this.#checkHistory(begun);
    for (const { message } of send) if (message.kind === 'upToDate') this.#checkEstablished(message.epoch);
  }

  /** The end of discovery: of a quorum nobody has a better history. */
  #checkHistory(epoch: number): void {
    const histories = this.#epoch === epoch ? this.#histories : new Map<NodeId, AckEpoch>();
    const own = histories.get(this.#run.self);
    const covered = own ? [...histories.values()].filter((history) => compare(history, own) <= 0).length : 0;
    if (covered >= this.#run.quorum) return;
    const text = `${this.#run.self} begins epoch ${epoch} with the best history of ${covered}`;
    this.#report('a leader has the best history of a quorum', text);
  }

  /** The end of synchronization. */
  #checkEstablished(epoch: number): void {
    if (epoch === this.#established) return;
    this.#established = epoch;
    const joined = this.#run.joinedIn(epoch);
    if (joined >= this.#run.quorum) return;
    this.#report('a leader is established by a quorum', `${this.#run.self} is by ${joined} in epoch ${epoch}`);
  }
}

function compare(a: AckEpoch, b: AckEpoch): number {
  return a.currentEpoch - b.currentEpoch || a.zxid.epoch - b.zxid.epoch || a.zxid.counter - b.zxid.counter;
}

/** `[1, acceptedEpoch, its leader | null, currentEpoch]`. */
function standIn(hardState: Uint8Array): Stand {
  const reader = new CborReader(hardState);
  reader.array(4);
  reader.exactly(1);
  const promised = reader.uint();
  reader.nullable(() => reader.text());
  return { promised, accepted: reader.uint() };
}
