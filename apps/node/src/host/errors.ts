/** What can keep a node from starting or serving. */
export type NodeErrors = {
  /** No barrier could be had in time: too few validators answer. */
  BARRIER_UNAVAILABLE: { reason: string };
  /** The node is stopping. */
  NODE_STOPPING: { reason: string };
  /** The configuration names a protocol this program has no engine for. */
  PROTOCOL_UNKNOWN: { protocol: string };
};

/** A failure of the node as a whole. */
export class NodeError<C extends keyof NodeErrors = keyof NodeErrors> extends Error {
  override readonly name = 'NodeError';
  readonly code: C;
  readonly details: NodeErrors[C];

  constructor(code: C, details: NodeErrors[C], options?: ErrorOptions) {
    super(`${code}: ${Object.values(details).join(', ')}`, options);
    this.code = code;
    this.details = details;
  }
}
