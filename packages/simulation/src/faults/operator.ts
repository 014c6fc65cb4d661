import type { EndReason, SimulatedNode } from '../world/node.ts';
import type { Scheduler } from '../world/scheduler.ts';

/** How long a service manager waits before it starts a process again, milliseconds. */
const RESTART_MS = 400;
/** Codes of writes that failed: a plain restart helps. They must follow from such a fault. */
const PLAIN_RESTART: ReadonlySet<string> = new Set(['STORE_FAILED', 'STORE_DISK_FULL']);
/** Codes of damaged disks: the hint in docs/errors.md is to start with `--rebuild`. */
const REBUILD: ReadonlySet<string> = new Set(['RECORD_DAMAGED', 'STORE_DAMAGED']);

/** Starts processes again as docs/errors.md tells an operator to, and knows when that is of no use any more. */
export class Operator {
  readonly #scheduler: Scheduler;
  readonly #report: (check: string, text: string, node: SimulatedNode) => void;
  /** Nodes that no start helps: their disks lost what nobody can mend. */
  readonly lost: Set<SimulatedNode> = new Set<SimulatedNode>();
  /** Nodes to be started, by the newest wish. */
  readonly #wishes = new Map<SimulatedNode, number>();
  readonly #rebuild = new Set<SimulatedNode>();
  #count = 0;

  constructor(scheduler: Scheduler, report: (check: string, text: string, node: SimulatedNode) => void) {
    this.#scheduler = scheduler;
    this.#report = report;
  }

  /** Starts a node after `ms`; a later wish replaces this one. */
  start(node: SimulatedNode, ms: number): void {
    const wish = ++this.#count;
    this.#wishes.set(node, wish);
    this.#scheduler.after(ms, () => {
      if (this.#wishes.get(node) === wish && !node.isUp && !this.lost.has(node)) this.#boot(node);
    });
  }

  /** A process ended: by itself it starts again soon, after a crash when its fault is over. */
  ended(node: SimulatedNode, reason: EndReason): void {
    if (reason.kind === 'halt') this.#judge(node, reason.code, reason.detail);
  }

  #boot(node: SimulatedNode): void {
    const rebuild = this.#rebuild.delete(node);
    const code = node.boot({ rebuild });
    if (code === undefined) return;
    if (REBUILD.has(code) && rebuild) {
      this.lost.add(node);
      return;
    }
    this.#judge(node, code, 'at the start');
  }

  #judge(node: SimulatedNode, code: string, detail: string): void {
    const isExplained =
      (REBUILD.has(code) && (node.isDamaged || node.disk.isDamaged)) ||
      (PLAIN_RESTART.has(code) && (node.failed > 0 || node.failing !== undefined));
    if (!isExplained) this.#report('no stop without a cause', `${node.name}: ${code}: ${detail}`, node);
    if (REBUILD.has(code)) this.#rebuild.add(node);
    this.start(node, RESTART_MS);
  }
}
