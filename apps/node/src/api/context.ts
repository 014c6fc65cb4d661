import type { NodeService } from '../host/service.ts';
import type { Progress } from './progress.ts';
import type { Waiters } from './waiters.ts';

/** What every route stands on. */
export interface ApiContext {
  readonly service: NodeService;
  readonly progress: Progress;
  readonly waiters: Waiters;
  readonly heartbeatMs: number;
  readonly heightWaitMs: number;
  /** Fires when the API closes. */
  readonly closing: AbortSignal;
}
