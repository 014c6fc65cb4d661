/** What kind of thing happened: one class of line in a timeline. */
export type TraceKind =
  /** A process started, or ended: `crash` by a fault, `halt` by itself with a code. */
  | 'boot'
  | 'crash'
  | 'halt'
  /** A packet left; arrived; was lost on its way, or found nobody. */
  | 'send'
  | 'receive'
  | 'lose'
  /** A batch became durable. */
  | 'persist'
  /** A block was executed and is durable there; every block up to here is certified there. */
  | 'commit'
  | 'final'
  /** The engine's role or epoch changed. */
  | 'role'
  /** A line of the node's own log. */
  | 'log'
  /** A client sent something; heard of it. */
  | 'invoke'
  | 'answer'
  /** The network, a disk or a clock was made worse or mended. */
  | 'fault'
  /** A check failed. */
  | 'violation';

/** One thing that happened in a simulated world, in the order in which things happened. */
export interface TraceEvent {
  /** Virtual milliseconds since the start. */
  readonly at: number;
  /** Whom it happened to: a node's or client's name, or `world` for faults of the network. */
  readonly node: string;
  readonly kind: TraceKind;
  /** One line, for people. */
  readonly text: string;
  /** The other end of a packet or of a client's call. */
  readonly peer?: string;
  /** Ties a packet's `send` to its `receive` or `lose`, and a client's `invoke` to its `answer`. */
  readonly id?: number;
}
