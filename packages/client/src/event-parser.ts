import { createParser, type EventSourceMessage, type EventSourceParser } from 'eventsource-parser';
import { VarveError } from './errors.ts';

/** Longest event that is held in memory, in characters: several times the largest that a node sends. */
const EVENT_CHARACTERS_MAX: number = 64 * 1024 * 1024;

/** Parses `text/event-stream` in chunks cut anywhere (HTML Living Standard §9.2.6), and hands the events back. */
export class EventParser {
  readonly #events: EventSourceMessage[] = [];
  readonly #parser: EventSourceParser;

  /** @param charactersMax - Longest event that is taken. */
  constructor(charactersMax: number = EVENT_CHARACTERS_MAX) {
    this.#parser = createParser({
      maxBufferSize: charactersMax,
      onEvent: (event) => this.#events.push(event),
      onError: (error) => {
        // Unknown fields are to be ignored; what fits into no memory is not from a node.
        if (error.type === 'max-buffer-size-exceeded')
          throw new VarveError('ANSWER_MALFORMED', { detail: `an event is over ${charactersMax} characters` });
      },
    });
  }

  /**
   * The events that `chunk` completes; those without data are none.
   * @throws {VarveError} `ANSWER_MALFORMED` when an event is too long.
   */
  feed(chunk: string): EventSourceMessage[] {
    this.#parser.feed(chunk);
    return this.#events.splice(0);
  }
}
