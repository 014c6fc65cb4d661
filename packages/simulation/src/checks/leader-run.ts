import type { Entry, Input, Output, Recovered } from '@varve/consensus';
import type { NodeId } from '@varve/encoding';
import { acknowledgementIn, type CrashMessage } from './acknowledgement.ts';
import type { Instance, Wording } from './leader-watch.ts';
import { ReadTally } from './read-tally.ts';
import { STAND_ZERO, type Stand, StoreModel } from './store-model.ts';
import type { Report, WatchParts } from './violation.ts';

/** What was heard of the followers of one epoch. */
interface Heard {
  readonly epoch: number;
  /** Up to where each holds the leader's history. */
  readonly matches: Map<NodeId, number>;
  /** Whose acknowledgements count. */
  readonly joined: Set<NodeId>;
}

/** One run of one replica, as `LeaderWatch` follows it. */
export class LeaderRun<M extends CrashMessage> {
  readonly self: NodeId;
  readonly store: StoreModel;
  /** More than half of the voters, counted here and nowhere else. */
  readonly quorum: number;
  readonly #wording: Wording<M>;
  readonly #instance: Instance;
  readonly #report: Report;
  readonly #reads = new ReadTally();
  /** Where it leads: its epoch, and the end of what it began with. */
  #begun: { readonly epoch: number; readonly lastIndex: number } | undefined;
  /** What was promised when the present step began: it may answer a read, and then take a later epoch. */
  #promisedBefore = 0;
  /** The epoch of the entries that the present step brings. */
  #sent: number | undefined;
  #heard: Heard = { epoch: 0, matches: new Map(), joined: new Set() };
  #commitIndex: number;
  #delivered: Entry | undefined;

  constructor(
    self: NodeId,
    voters: number,
    recovered: Recovered,
    wording: Wording<M>,
    instance: Instance,
    { isForgetful, report }: WatchParts,
  ) {
    this.self = self;
    this.quorum = Math.floor(voters / 2) + 1;
    this.#wording = wording;
    this.#instance = instance;
    this.#report = report;
    this.store = new StoreModel(recovered, (hardState) => wording.standIn(hardState));
    this.#commitIndex = recovered.ledger.index;
    const durable = instance.stands.get(self) ?? STAND_ZERO;
    if (!isForgetful(self)) this.#compareStands(durable, this.store.stand, 'starts with');
  }

  /** The epoch that it began to lead last. */
  get leads(): number | undefined {
    return this.#begun?.epoch;
  }

  /** Before the engine is told. */
  told(input: Input<M>): void {
    this.#sent = undefined;
    this.#promisedBefore = this.store.stand.promised;
    switch (input.kind) {
      case 'persisted':
        return this.#persisted(input.sequence);
      case 'synced':
        this.#commitIndex = Math.max(this.#commitIndex, input.anchor.index);
        return;
      case 'read':
        return this.#reads.asked(this.self, input.context);
      case 'message':
        return this.#hears(input.envelope.from, input.envelope.message);
      default:
        return;
    }
  }

  #persisted(sequence: number): void {
    const stand = this.store.persisted(sequence);
    const { stands } = this.#instance;
    const known = stands.get(this.self) ?? STAND_ZERO;
    if (stand === undefined) return;
    const accepted = Math.max(known.accepted, stand.accepted);
    stands.set(this.self, { promised: Math.max(known.promised, stand.promised), accepted });
  }

  #hears(from: NodeId, message: M): void {
    this.#sent = this.#wording.sentIn(message);
    if (message.kind === 'readRequest') this.#reads.asked(from, message.context);
    const confirmed = this.#wording.confirmedIn(message);
    if (confirmed?.epoch === this.store.stand.promised) this.#reads.confirmed(from, confirmed.round);
    const said = acknowledgementIn(message);
    if (said === undefined || said.voter !== from || said.epoch !== this.store.stand.promised) return;
    if (this.#heard.epoch !== said.epoch) this.#heard = { epoch: said.epoch, matches: new Map(), joined: new Set() };
    const { matches, joined } = this.#heard;
    matches.set(from, Math.max(matches.get(from) ?? 0, said.index));
    if (this.#wording.isJoining(message)) joined.add(from);
  }

  /**
   * What is written and promised in a step.
   * @returns the epoch that this replica begins to lead.
   */
  said({ send, write }: Output<M>): number | undefined {
    const before = this.store.stand;
    for (const { message } of send) {
      const round = this.#wording.askedIn(message);
      if (round !== undefined) this.#reads.sent(round);
      if (this.#wording.promisedIn(message) === undefined || (this.store.isDurable && !write)) continue;
      this.#report('promised when durable', `${this.self} says ${message.kind} while its disk writes`);
    }
    if (write === undefined) return undefined;
    const { truncateFrom } = write;
    if (truncateFrom !== undefined && truncateFrom <= this.#commitIndex) {
      const text = `${this.self} cuts its log off at ${truncateFrom}, and ${this.#commitIndex} is committed`;
      this.#report('what is committed stays', text);
    }
    this.store.take(write);
    this.#compareStands(before, this.store.stand, 'writes');
    if (this.store.stand.accepted > before.accepted) this.#checkHistory(this.store.stand.accepted);
    for (const { message } of write.then) this.#promised(before, message);
    const own = write.then.find(({ to, message }) => to === this.self && this.#wording.isJoining(message));
    const epoch = own && acknowledgementIn(own.message)?.epoch;
    if (epoch === undefined || epoch === this.#begun?.epoch) return undefined;
    this.#begun = { epoch, lastIndex: this.store.log.lastIndex };
    return epoch;
  }

  #compareStands(before: Stand, { promised, accepted }: Stand, does: string): void {
    const text = `${this.self} ${does} ${promised} and ${accepted}`;
    if (promised < before.promised || accepted < before.accepted) {
      this.#report('epochs never fall', `${text}, after ${before.promised} and ${before.accepted}`);
    }
    if (accepted > promised) this.#report('nothing is accepted above what is promised', text);
  }

  /** Whoever has the leader's epoch has all that the leader began with. */
  #checkHistory(epoch: number): void {
    const begun = this.#instance.begun.get(epoch)?.log;
    if (begun === undefined) return;
    const { lastIndex } = begun;
    const wanted = begun.epochAt(lastIndex);
    const { log } = this.store;
    const isHeld = typeof wanted === 'number' ? log.holds(lastIndex, wanted) : log.lastIndex >= lastIndex;
    if (isHeld) return;
    const text = `${this.self} accepts epoch ${epoch} with ${log.lastIndex} entries, its leader began with ${lastIndex}`;
    this.#report('an epoch is accepted with its history', text);
  }

  /** A promise is stored in the write that it leaves with, and breaks none that was stored before. */
  #promised(before: Stand, message: M): void {
    const epoch = this.#wording.promisedIn(message);
    if (epoch === undefined) return;
    const { promised, accepted } = this.store.stand;
    const text = `${this.self} says ${message.kind} in epoch ${epoch}`;
    const isAnswer = this.#sent !== undefined && acknowledgementIn(message) !== undefined;
    if (epoch < before.promised) {
      this.#report('nothing of an earlier epoch is accepted', `${text} after it promised ${before.promised}`);
    } else if (isAnswer && this.#sent !== epoch) {
      this.#report('nothing of an earlier epoch is accepted', `${text} to what was sent in ${this.#sent}`);
    }
    const isStored = epoch <= promised && (epoch <= accepted || !this.#wording.isJoining(message));
    if (!isStored) this.#report('promised when stored', `${text} with ${promised} and ${accepted} in its store`);
  }

  /** A leader of `epoch` commits up to `index`. */
  counted(index: number, epoch: number): void {
    const { matches, joined } = this.#heard;
    const holding = [...joined].filter((voter) => (matches.get(voter) ?? 0) >= index).length;
    if (this.#heard.epoch === epoch && holding >= this.quorum) return;
    const text = `${this.self} commits ${index} in epoch ${epoch}, which ${holding} are known to hold`;
    this.#report('a leader commits what a quorum holds', text);
  }

  /** Voters, this one included, that have joined its epoch. */
  joinedIn(epoch: number): number {
    return this.#heard.epoch === epoch ? this.#heard.joined.size : 0;
  }

  delivered(entries: readonly Entry[]): void {
    for (const entry of entries) {
      this.#checkProposed(entry);
      if (this.#delivered?.index === entry.index - 1) this.#checkOrder(this.#delivered, entry);
      this.#delivered = entry;
    }
    this.#commitIndex = Math.max(this.#commitIndex, this.#delivered?.index ?? 0);
  }

  #checkProposed({ index, epoch, payload }: Entry): void {
    const proposed = this.#instance.proposed.get(`${epoch.number} ${index}`);
    if (proposed === (payload?.id ?? 'nothing')) return;
    const text = `${this.self} commits at ${index} of epoch ${epoch.number}`;
    this.#report('committed is what was proposed', `${text} ${payload?.id}, proposed was ${proposed}`);
  }

  #checkOrder(before: Entry, { index, epoch }: Entry): void {
    const text = `${this.self} commits ${index} of epoch ${epoch.number}`;
    if (epoch.number < before.epoch.number) {
      this.#report('earlier epochs are committed first', `${text} after one of epoch ${before.epoch.number}`);
    }
    const begun = this.#instance.begun.get(epoch.number);
    if (epoch.number <= before.epoch.number || begun === undefined || begun.log.lastIndex === index - 1) return;
    this.#report('an epoch is committed from its first proposal', `${text}, which began with ${begun.log.lastIndex}`);
  }

  /** A leader answers reads. That of a follower passes on what the leader said. */
  answered(input: Input<M>, { reads, send }: Output<M>): void {
    const isPassedOn = input.kind === 'message' && input.envelope.message.kind === 'readResponse';
    for (const { ok, context } of isPassedOn ? [] : reads) if (ok) this.#answered(this.self, context);
    for (const { to, message } of send) {
      if (message.kind === 'readResponse' && message.ok) this.#answered(to, message.context);
    }
  }

  #answered(to: NodeId, context: number): void {
    const { promised } = this.store.stand;
    const isLed = this.#begun?.epoch === promised || this.#begun?.epoch === this.#promisedBefore;
    const begun = isLed ? this.#begun : undefined;
    if (begun === undefined || this.#commitIndex < begun.lastIndex) {
      const text = begun ? `which began with ${begun.lastIndex}` : 'which it does not lead';
      this.#report(
        'a leader reads when what it began with is committed',
        `${this.self} answers at ${this.#commitIndex} in epoch ${promised}, ${text}`,
      );
    }
    const confirmations = this.#reads.confirmations(to, context);
    if (confirmations >= this.quorum) return;
    this.#report('a quorum confirms a read', `${this.self} answers ${to}, and ${confirmations} confirmed`);
  }
}
