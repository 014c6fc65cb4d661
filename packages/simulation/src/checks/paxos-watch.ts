import type { Envelope, Output, Protocol } from '@varve/consensus';
import { CborReader, type InstanceId, type NodeId } from '@varve/encoding';
import type { PaxosMessage } from '@varve/paxos';
import type { LeaderRun } from './leader-run.ts';
import { type Companion, LeaderWatch, type Wording } from './leader-watch.ts';
import type { Stand } from './store-model.ts';
import type { Report, WatchParts } from './violation.ts';

type Promised = Extract<PaxosMessage, { readonly kind: 'promise' }>;

/** What a promise says of its sender's log. */
interface Claim {
  readonly round: number;
  readonly lastIndex: number;
  /** That of the last entry, as the sender's writes made it. */
  readonly epoch: number | 'certified' | undefined;
}

/** Of a log that holds nothing: no other is worse. */
const NOTHING: Claim = { round: 0, lastIndex: 0, epoch: undefined };

const WORDING: Wording<PaxosMessage> = {
  standIn,
  promisedIn: (message) => {
    switch (message.kind) {
      case 'promise':
      case 'accepted':
        return message.ballot.number;
      default:
        return undefined;
    }
  },
  sentIn: (message) => {
    const isSent = message.kind === 'acceptSync' || message.kind === 'acceptDecide';
    return isSent ? message.ballot.number : undefined;
  },
  isJoining: ({ kind }) => kind === 'accepted',
  askedIn: (message) => (message.kind === 'decide' ? message.context : undefined),
  confirmedIn: (message) =>
    message.kind === 'confirm' ? { epoch: message.ballot.number, round: message.context } : undefined,
};

/**
 * Looks at every Paxos engine for what Sequence Paxos promises (Haridi, Kroll and Carbone 2020; Ng, Haridi and Carbone
 * 2023): what `LeaderWatch` knows, and of the prepare phase that a promise shows the log that was accepted, and that a
 * leader adopts the longest log of the highest round of a quorum.
 */
export class PaxosWatch {
  readonly #leaders: LeaderWatch<PaxosMessage>;
  /** By instance, ballot and voter: the newest promise that left. */
  readonly #claims = new Map<string, Claim>();
  readonly #parts: WatchParts;

  constructor(parts: WatchParts) {
    this.#parts = parts;
    this.#leaders = new LeaderWatch(WORDING, parts);
  }

  /** `protocol`, which is Paxos, with engines that are watched. */
  watched(protocol: Protocol<unknown>): Protocol<unknown> {
    const { isForgetful, report } = this.#parts;
    return this.#leaders.watched(
      protocol,
      (run, { options }) => new PaxosRun(run, options.instance, this.#claims, isForgetful, report),
    );
  }
}

/** What of a run only Paxos knows. */
class PaxosRun implements Companion<PaxosMessage> {
  readonly #run: LeaderRun<PaxosMessage>;
  readonly #instance: InstanceId;
  readonly #claims: Map<string, Claim>;
  readonly #isForgetful: (name: string) => boolean;
  readonly #report: Report;
  /** By voter, of the ballot that was promised last. */
  #promises = new Map<NodeId, Claim>();
  #ballot = 0;

  constructor(
    run: LeaderRun<PaxosMessage>,
    instance: InstanceId,
    claims: Map<string, Claim>,
    isForgetful: (name: string) => boolean,
    report: Report,
  ) {
    this.#run = run;
    this.#instance = instance;
    this.#claims = claims;
    this.#isForgetful = isForgetful;
    this.#report = report;
  }

  /** A promise arrives at its leader, and counts there. */
  heard({ from, message }: Envelope<PaxosMessage>): void {
    if (message.kind !== 'promise' || message.voter !== from || message.ballot.number < this.#ballot) return;
    if (message.ballot.number > this.#ballot) this.#promises = new Map();
    this.#ballot = message.ballot.number;
    // The promise of whoever forgot counts as any other, but what its log was then is not known.
    const claim = this.#isForgetful(from) ? NOTHING : this.#claims.get(this.#keyOf(message));
    if (claim) this.#promises.set(from, claim);
  }

  said({ write }: Output<PaxosMessage>, begun: number | undefined): void {
    for (const { message } of write?.then ?? []) if (message.kind === 'promise') this.#promised(message);
    if (begun !== undefined) this.#checkAdopted(begun);
  }

  /** A promise shows the log as it is, and the round in which it was accepted. */
  #promised(message: Promised): void {
    const { store, self, leads } = this.#run;
    const { ballot, acceptedRound, lastIndex } = message;
    if (ballot.number === leads) this.#report('a ballot is led once', `${self} takes ${ballot.number} again`);
    const epoch = store.log.epochAt(lastIndex);
    this.#claims.set(this.#keyOf(message), { round: acceptedRound.number, lastIndex, epoch });
    if (acceptedRound.number === store.stand.accepted && lastIndex === store.log.lastIndex) return;
    const held = `${store.log.lastIndex} of ${store.stand.accepted}`;
    this.#report(
      'a promise shows what is accepted',
      `${self} shows ${lastIndex} of ${acceptedRound.number} for ${held}`,
    );
  }

  /** Phase 1: of what a quorum promised the longest log of the highest round is adopted. */
  #checkAdopted(ballot: number): void {
    const { store, self, quorum } = this.#run;
    const claims = this.#ballot === ballot ? [...this.#promises.values()] : [];
    const held = claims.filter(({ lastIndex, epoch }) => epoch === 'certified' || holds(store.log, lastIndex, epoch));
    const best = held.reduce((a, b) => (compare(a, b) < 0 ? b : a), NOTHING);
    const covered = claims.filter((claim) => compare(claim, best) <= 0).length;
    if (covered >= quorum) return;
    const text = `${self} begins ballot ${ballot} with the log of ${best.round} up to ${best.lastIndex}`;
    this.#report('a leader adopts the best log of a quorum', `${text}, the best of ${covered}`);
  }

  #keyOf({ ballot, voter, acceptedRound, lastIndex }: Promised): string {
    return `${this.#instance} ${ballot.number} ${voter} ${acceptedRound.number} ${lastIndex}`;
  }
}

function holds(log: LeaderRun<PaxosMessage>['store']['log'], index: number, epoch: number | undefined): boolean {
  return epoch !== undefined && log.holds(index, epoch);
}

function compare(a: Claim, b: Claim): number {
  return a.round - b.round || a.lastIndex - b.lastIndex;
}

/** `[1, promised | null, acceptedRound | null]`, where a ballot is `[number, node]`. */
function standIn(hardState: Uint8Array): Stand {
  const reader = new CborReader(hardState);
  reader.array(3);
  reader.exactly(1);
  const ballot = (): number => {
    const read = (): number => {
      reader.array(2);
      const number = reader.uint();
      reader.text();
      return number;
    };
    return reader.nullable(read) ?? 0;
  };
  return { promised: ballot(), accepted: ballot() };
}
