import { CLIENTS_LANE, type Lane, type PlacedEvent } from './diagram-layout.ts';
import { escapeHtml } from './escape.ts';

/** Characters of a label that fit into the gap between two lanes. */
const LABEL_CHARACTERS_MAX = 29;
/** How far a packet comes, as a share of its way, when it is lost, or when the picture does not show its other end. */
const LOST_SHARE = 0.62;
const STUB_SHARE = 0.3;

/** What calls and packets look like: one group for each event that is seen as an arrow or as the end of one. O(n). */
export function arrowsSvg(placed: readonly PlacedEvent[]): string[] {
  const ends = new Map<number, PlacedEvent[]>();
  const sends = new Set<number>();
  for (const item of placed) {
    const { kind, id } = item.event;
    if (id === undefined) continue;
    if (kind === 'send') sends.add(id);
    if (kind !== 'receive' && kind !== 'lose') continue;
    const known = ends.get(id);
    if (known === undefined) ends.set(id, [item]);
    else known.push(item);
  }
  return placed.flatMap((item) => {
    const { kind, id } = item.event;
    const { lane, peer } = item;
    if (lane === undefined || peer === undefined) return [];
    if (kind === 'send') return [sendSvg(item, lane, peer, id === undefined ? [] : (ends.get(id) ?? []))];
    if (kind === 'invoke')
      return [group(item, [...line(lane.x, item.y, peer.x, item.y, 'call'), label(item, lane, peer)])];
    if (kind === 'answer')
      return [group(item, [...line(peer.x, item.y, lane.x, item.y, 'call'), label(item, lane, peer)])];
    const isOrphan = id === undefined || !sends.has(id);
    if (kind === 'receive' && isOrphan) return [orphanSvg(item, lane, peer)];
    if (kind === 'lose' && isOrphan) return [group(item, [cross(along(lane.x, peer.x, STUB_SHARE / 2), item.y)])];
    return [];
  });
}

/** Whether an event is drawn as an arrow, and needs no mark on its lane. */
export function isArrow({ event, lane, peer }: PlacedEvent): boolean {
  if (event.kind === 'receive' || event.kind === 'lose') return true;
  if (lane === undefined || peer === undefined) return false;
  return event.kind === 'send' || event.kind === 'invoke' || event.kind === 'answer';
}

/** A packet from where it left to wherever it arrived or was lost; one that was duplicated has several ends. */
function sendSvg(send: PlacedEvent, from: Lane, to: Lane, ends: readonly PlacedEvent[]): string {
  const parts = ends.flatMap((end) => {
    if (end.event.kind === 'receive') return line(from.x, send.y, to.x, Math.max(send.y, end.y), 'packet');
    const x = along(from.x, to.x, LOST_SHARE);
    const y = Math.max(send.y + 6, end.y);
    return [...line(from.x, send.y, x, y, 'lost'), cross(x, y)];
  });
  // Still on its way when the picture ends.
  if (ends.length === 0) parts.push(...line(from.x, send.y, along(from.x, to.x, STUB_SHARE), send.y + 8, 'open'));
  return group(send, [...parts, label(send, from, to)]);
}

/** A packet that left before the picture begins. */
function orphanSvg(receive: PlacedEvent, to: Lane, from: Lane): string {
  return group(receive, line(along(to.x, from.x, STUB_SHARE), receive.y - 8, to.x, receive.y, 'open arrives'));
}

function along(from: number, to: number, share: number): number {
  return Math.round(from + (to - from) * share);
}

/** The line, and a broader invisible one that is easy to point at. */
function line(x1: number, y1: number, x2: number, y2: number, style: string): string[] {
  const path = `M${x1} ${y1}L${x2} ${y2}`;
  return [`<path class="hit" d="${path}"/>`, `<path class="arrow ${style}" d="${path}"/>`];
}

function cross(x: number, y: number): string {
  return `<path class="cross" d="M${x - 4} ${y - 4}l8 8m0 -8l-8 8"/>`;
}

/** Beside the lane at which the event happened, above the arrow. */
function label(item: PlacedEvent, lane: Lane, peer: Lane): string {
  const isLeft = peer.x < lane.x;
  const anchor = isLeft ? ' text-anchor="end"' : '';
  return `<text x="${lane.x + (isLeft ? -9 : 9)}" y="${item.y - 3}"${anchor}>${labelOf(item)}</text>`;
}

/** The group of everything that shows one event. */
export function group({ event, index }: PlacedEvent, parts: readonly string[]): string {
  return `<g class="e k-${event.kind}" data-i="${index}">${parts.join('')}</g>`;
}

/** The text of an event as far as it fits, escaped; the clients' lane belongs to several, who are named. */
export function labelOf({ event, lane }: PlacedEvent): string {
  const isShared = lane?.name === CLIENTS_LANE && event.node !== CLIENTS_LANE;
  const text = isShared ? `${event.node}: ${event.text}` : event.text;
  const characters = [...text];
  if (characters.length <= LABEL_CHARACTERS_MAX) return escapeHtml(text);
  return escapeHtml(`${characters.slice(0, LABEL_CHARACTERS_MAX - 1).join('')}…`);
}
