/** Why a node ended by itself. */
export interface NodeEnd {
  readonly code: string;
  readonly detail: string;
}

interface Part {
  stop(): Promise<void> | void;
}

/** A node failed while its parts were being started. */
class NodeFailed extends Error {
  override readonly name = 'NodeFailed';
  readonly code: string;

  constructor({ code, detail }: NodeEnd) {
    super(detail);
    this.code = code;
  }
}

/** What runs for a node, in the order in which it was started: all of it is stopped once, the newest first. */
export class NodeParts {
  readonly #parts: Part[] = [];
  #failure: NodeEnd | undefined;
  #stopping: Promise<void> | undefined;
  #end: (end: NodeEnd | undefined) => void = () => undefined;
  /** Resolves when everything is stopped: with the reason if the node ended by itself, with nothing if it was asked to. */
  readonly closed: Promise<NodeEnd | undefined>;

  constructor() {
    this.closed = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  add(part: Part): void {
    this.#parts.push(part);
  }

  /** @throws {NodeFailed} where a part that was started has failed meanwhile. */
  demandRunning(): void {
    if (this.#failure) throw new NodeFailed(this.#failure);
  }

  /** Stops everything. @returns Whether this is the first failure: what fails after it only follows from it. */
  fail(code: string, detail: string): boolean {
    if (this.#failure || this.#stopping) return false;
    this.#failure = { code, detail };
    void this.stop().catch(() => undefined);
    return true;
  }

  /** Stops everything; what was added since the last call too. */
  async stop(): Promise<void> {
    this.#stopping = this.#stopAll(this.#stopping);
    try {
      await this.#stopping;
    } finally {
      this.#end(this.#failure);
    }
  }

  async #stopAll(before: Promise<void> | undefined): Promise<void> {
    await before?.catch(() => undefined);
    for (let part = this.#parts.pop(); part !== undefined; part = this.#parts.pop()) await part.stop();
  }
}
