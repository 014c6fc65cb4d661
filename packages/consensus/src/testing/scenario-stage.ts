import type { NodeId } from '@varve/encoding';
import type { Envelope, Input, Output, Protocol } from '../contract.ts';
import { Ensemble, type EnsembleOptions } from './ensemble.ts';
import type { EngineHost } from './host.ts';
import { formatEntry, formatMessage, formatPayload, formatSlot, formatStatus, formatWrite } from './scenario-format.ts';
import { violated } from './violation.ts';
import type { Packet } from './wire.ts';

/** Deliveries within one `stabilize`, at most: more is a storm. */
const DELIVERIES_MAX = 5000;

/** Nodes on which nothing happens by itself: a scenario says what arrives, what is written and whose time passes. */
export class Stage<M> extends Ensemble<M> {
  readonly cut: Set<string> = new Set();
  readonly describeHardState: (bytes: Uint8Array) => string;
  /** What happened since the last `takeLines`. */
  #lines: string[] = [];
  #isLogging = true;
  #last: { readonly who: string; readonly verb: string; readonly whom: string[]; readonly what: string } | undefined;
  readonly #clocks = new Map<NodeId, number>();
  readonly #links = new Map<string, Packet[]>();
  readonly #roles = new Map<NodeId, string>();

  constructor(protocol: Protocol<M>, options: EnsembleOptions<M>, describeHardState: (bytes: Uint8Array) => string) {
    super(protocol, options);
    this.describeHardState = describeHardState;
  }

  takeLines(): readonly string[] {
    const lines = this.#lines;
    this.#lines = [];
    this.#last = undefined;
    return lines;
  }

  /** Whether what happens is told. */
  setLogging(isLogging: boolean): void {
    this.#isLogging = isLogging;
  }

  /** Tells that `who` did something; the same thing done to several nodes in a row is one line. */
  say(who: string, verb: string, whom: readonly NodeId[], what: string): void {
    if (!this.#isLogging) return;
    const last = this.#last;
    if (
      last &&
      last.who === who &&
      last.verb === verb &&
      last.what === what &&
      whom.length > 0 &&
      !whom.some((id) => last.whom.includes(id))
    ) {
      last.whom.push(...whom);
      this.#lines.pop();
    } else {
      this.#last = { who, verb, whom: [...whom], what };
    }
    this.#lines.push([who, verb, ...(this.#last?.whom ?? []), what].filter((word) => word !== '').join(' '));
  }

  /** Tells how every node stands, in any case. */
  tellStatus(): void {
    this.#last = undefined;
    for (const [id, { engine }] of this.hosts)
      this.#lines.push(`${id}: ${engine ? formatStatus(engine.status()) : 'down'}`);
  }

  override boot(id: NodeId): void {
    super.boot(id);
    this.#noteRole(this.host(id));
  }

  override input(id: NodeId, input: Input<M>): Output<M> | undefined {
    const output = super.input(id, input);
    this.#noteRole(this.host(id));
    return output;
  }

  /** Whatever is on its way over the links from `from` to `to`; at most `count` messages of each. */
  deliver(from: NodeId, to: NodeId, count: number): number {
    const packets = this.#links.get(`${from}>${to}`)?.splice(0, count) ?? [];
    for (const packet of packets) {
      if (!this.host(to).engine) continue;
      const opened = this.wire.open(packet);
      if (!opened.ok) violated(`${to} refuses what ${from} sent: ${opened.reason}`);
      this.input(to, { kind: 'message', envelope: opened.envelope });
    }
    return packets.length;
  }

  drop(from: NodeId, to: NodeId, count: number): number {
    return this.#links.get(`${from}>${to}`)?.splice(0, count).length ?? 0;
  }

  /** Everything on its way will arrive twice. */
  duplicate(from: NodeId, to: NodeId): void {
    const packets = this.#links.get(`${from}>${to}`) ?? [];
    packets.push(...packets);
  }

  persist(id: NodeId, count: number): void {
    for (let done = 0; done < count; done++) if (!this.completeWrite(this.host(id))) return;
  }

  /** The clock of `id` alone moves on; it ticks at its deadlines. Without `ms`: to the next one. */
  tick(id: NodeId, ms?: number): void {
    const host = this.host(id);
    const now = this.timeOf(id);
    const until = ms === undefined ? Math.max(now, host.wakeAt ?? now) : now + ms;
    for (let at = host.wakeAt; at !== undefined && at < until && host.engine; at = host.wakeAt) {
      this.#clocks.set(id, Math.max(at, this.timeOf(id)));
      this.input(id, { kind: 'tick' });
    }
    this.leap(id, until - this.timeOf(id));
  }

  /** The clock of `id` moves on with a single tick at the end. */
  leap(id: NodeId, ms: number): void {
    this.#clocks.set(id, this.timeOf(id) + ms);
    this.input(id, { kind: 'tick' });
  }

  /** Writes and deliveries among `ids` until none is left; no time passes. */
  stabilize(ids: readonly NodeId[]): void {
    let deliveries = 0;
    for (let moved = true; moved; ) {
      moved = false;
      for (const id of ids) {
        moved ||= this.host(id).batches.length > 0;
        this.persist(id, Number.POSITIVE_INFINITY);
      }
      for (const from of ids) {
        for (const to of ids) {
          const count = this.deliver(from, to, Number.POSITIVE_INFINITY);
          moved ||= count > 0;
          deliveries += count;
        }
      }
      if (deliveries > DELIVERIES_MAX) violated(`${deliveries} messages, and still no rest`);
    }
  }

  crash(id: NodeId, survivors: number): void {
    this.host(id).crash(survivors);
    this.#roles.delete(id);
  }

  protected timeOf(id: NodeId): number {
    return this.#clocks.get(id) ?? 1000;
  }

  protected post(envelope: Envelope<M>): void {
    const { from, to } = envelope;
    const link = `${from}>${to}`;
    const isCut = this.cut.has(link);
    this.say(from, isCut ? 'sends in vain' : 'sends', [to], formatMessage(envelope.message));
    if (isCut) return;
    const packets = this.#links.get(link);
    if (packets) packets.push(this.wire.seal(envelope));
    else this.#links.set(link, [this.wire.seal(envelope)]);
  }

  protected follow(host: EngineHost<M>, output: Output<M>): void {
    const tell = (verb: string, what: string) => this.say(host.id, verb, [], what);
    const { write, build, sync } = output;
    host.wakeAt = output.wakeAt;
    if (write) {
      tell('writes', `${write.sequence}: ${formatWrite(write, this.describeHardState)}`);
      for (const { to, message } of write.then) this.say(host.id, '  then tells', [to], formatMessage(message));
    }
    for (const entry of output.commit) tell('commits', formatEntry(entry));
    if (build) tell('asks for', formatSlot(build));
    for (const id of output.dropped) {
      const payload = this.history.payloads.get(id);
      tell('drops', payload ? formatPayload(payload) : id);
    }
    if (sync) tell('wants blocks of', sync.peers.join(' '));
    for (const { context, index, ok } of output.reads)
      tell(ok ? 'confirms' : 'refuses', ok ? `read ${context} at ${index}` : `read ${context}`);
  }

  protected answerCheck(host: EngineHost<M>, input: Input<M>): void {
    this.input(host.id, input);
  }

  #noteRole(host: EngineHost<M>): void {
    if (!host.engine) return;
    const { role, epoch } = host.engine.status();
    const what = `${role} in ${epoch.number}`;
    if (this.#roles.get(host.id) === what) return;
    this.#roles.set(host.id, what);
    this.say(host.id, 'is', [], what);
  }
}
