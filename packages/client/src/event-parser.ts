/** One server-sent event that has data. */
export interface ServerSentEvent {
  readonly id: string | undefined;
  readonly event: string | undefined;
  readonly data: string;
}

/**
 * Parses `text/event-stream` in chunks cut anywhere (HTML Living Standard §9.2.6). Lines end in LF or CR LF; a lone CR,
 * which no node sends, ends none. The package eventsource-parser cannot stand here: its export condition `source` is
 * ours too, and Node strips no types below node_modules.
 */
export class EventParser {
  #rest = '';
  #id: string | undefined;
  #event: string | undefined;
  #data: string[] = [];

  /** The events that `chunk` completes. */
  feed(chunk: string): ServerSentEvent[] {
    const lines = (this.#rest + chunk).split('\n');
    this.#rest = lines.pop() ?? '';
    const events: ServerSentEvent[] = [];
    for (const line of lines) {
      const event = this.#line(line.endsWith('\r') ? line.slice(0, -1) : line);
      if (event) events.push(event);
    }
    return events;
  }

  #line(line: string): ServerSentEvent | undefined {
    if (line === '') return this.#dispatch();
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
    if (field === 'data') this.#data.push(value);
    else if (field === 'event') this.#event = value;
    else if (field === 'id') this.#id = value;
    return undefined;
  }

  #dispatch(): ServerSentEvent | undefined {
    const event = { id: this.#id, event: this.#event, data: this.#data.join('\n') };
    const hasData = this.#data.length > 0;
    this.#id = undefined;
    this.#event = undefined;
    this.#data = [];
    return hasData ? event : undefined;
  }
}
