import { ApiError } from './problems.ts';

/**
 * A place in the stream of final blocks: after `event` of `position` of the block at `height`. Position 0 is the block
 * and its timers, transactions count from 1. Event 0 is the block or transaction itself, its events count from 1.
 */
export interface Cursor {
  readonly height: number;
  readonly position: number;
  readonly event: number;
}

/** After everything of a block. */
export function afterBlock(height: number): Cursor {
  return { height, position: Number.MAX_SAFE_INTEGER, event: 0 };
}

/** `height.position.event`, as in the ids of events. */
export function formatCursor({ height, position, event }: Cursor): string {
  return `${height}.${position}.${event}`;
}

/**
 * A cursor as clients send it; a height alone means after all of that block.
 * @throws {ApiError} `CURSOR_MALFORMED`.
 */
export function parseCursor(text: string): Cursor {
  const match = /^(\d{1,16})(?:\.(\d{1,16})\.(\d{1,16}))?$/.exec(text);
  const [height, position, event] = (match ?? []).slice(1).map(Number) as [number?, number?, number?];
  if (height === undefined || !Number.isSafeInteger(height)) {
    throw new ApiError('CURSOR_MALFORMED', `"${text.slice(0, 80)}" is not height.position.event`);
  }
  if (match?.[2] === undefined) return afterBlock(height);
  return { height, position: position ?? 0, event: event ?? 0 };
}

/** Whether `a` lies after `b`. */
export function isAfter(a: Cursor, b: Cursor): boolean {
  if (a.height !== b.height) return a.height > b.height;
  if (a.position !== b.position) return a.position > b.position;
  return a.event > b.event;
}
