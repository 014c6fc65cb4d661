/** Messages with entries on the way to one follower, at most. */
export const IN_FLIGHT_MESSAGES_MAX = 64;
/** Payload bytes on the way to one follower, at most (one message may exceed it). */
export const IN_FLIGHT_BYTES_MAX: number = 8 * 1024 * 1024;

/** What a leader sent one follower and has no answer to. */
export interface InFlight {
  /** Oldest first; `last` is the index of the last entry. */
  inFlight: { readonly last: number; readonly bytes: number }[];
  inFlightBytes: number;
}

/** Whether nothing more may be sent before an answer comes. */
export function isInFlightFull({ inFlight, inFlightBytes }: InFlight): boolean {
  return inFlight.length >= IN_FLIGHT_MESSAGES_MAX || inFlightBytes >= IN_FLIGHT_BYTES_MAX;
}

/** Notes that entries up to `last` with `bytes` of payload were sent. */
export function addInFlight(window: InFlight, last: number, bytes: number): void {
  window.inFlight.push({ last, bytes });
  window.inFlightBytes += bytes;
}

/** Notes that everything up to `index` arrived. */
export function freeInFlight(window: InFlight, index: number): void {
  let freed = 0;
  for (const message of window.inFlight) {
    if (message.last > index) break;
    window.inFlightBytes -= message.bytes;
    freed += 1;
  }
  if (freed > 0) window.inFlight.splice(0, freed);
}

/** Forgets what was on its way: it is lost, or may be. */
export function clearInFlight(window: InFlight): void {
  window.inFlight = [];
  window.inFlightBytes = 0;
}
