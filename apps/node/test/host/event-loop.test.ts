import { publicKeyHex } from '@varve/encoding';
import type { Effects, Instant, Notice, ValidatorEvent } from '@varve/validator';
import { beforeEach, describe, expect, it } from 'vitest';
import { EventLoop } from '../../src/host/event-loop.ts';
import { Verifier } from '../../src/host/verifier.ts';

const [a, b] = ['aa', 'bb'].map((pair) => publicKeyHex(pair.repeat(32))) as [ReturnType<typeof publicKeyHex>, never];
const NOTHING: Effects = {
  persist: undefined,
  verify: [],
  sign: [],
  send: [],
  publish: [],
  answers: [],
  notices: [],
  misbehaved: [],
  wakeAt: Number.MAX_SAFE_INTEGER,
  halt: undefined,
};

/** What happened, in order. */
let told: string[];
let answer: (event: ValidatorEvent, now: Instant) => Partial<Effects>;
let settleCommit: (() => void)[];
let loop: EventLoop;

beforeEach(() => {
  told = [];
  settleCommit = [];
  answer = () => ({});
  loop = new EventLoop({
    validator: {
      step: (event, now) => {
        told.push(`step ${event.kind}`);
        return { ...NOTHING, ...answer(event, now) };
      },
    },
    store: {
      commit: () => {
        told.push('commit');
        return new Promise<void>((resolve) => settleCommit.push(resolve));
      },
    },
    signers: [],
    judge: (done) => new Verifier(undefined, done),
    answered: ({ request }) => told.push(`answer ${request}`),
    noticed: (notice: Notice) => told.push(`notice ${notice.kind}`),
    misbehaved: (peer) => told.push(`cut off ${peer.slice(0, 2)}`),
    failed: (code) => told.push(`failed ${code}`),
  });
  loop.connect({
    send: (to, packet) => {
      told.push(`send ${to.slice(0, 2)} ${packet[0]}`);
      return true;
    },
    publish: () => told.push('publish'),
  });
});

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const packet = (from: typeof a, byte: number): ValidatorEvent => ({
  kind: 'packet',
  from,
  bytes: Uint8Array.of(byte),
});

describe('EventLoop', () => {
  it('steps what arrives in one turn at its end, and lets what comes of it leave together', async () => {
    answer = (event) =>
      event.kind === 'packet'
        ? { send: [{ to: b, packet: event.bytes }], notices: [{ kind: 'admission' }] }
        : { answers: [{ kind: 'barrierFailed', request: 7, code: 'BARRIER_UNAVAILABLE' }] };
    loop.deliver(packet(a, 1));
    loop.deliver({ kind: 'barrier', request: 7 });
    loop.deliver(packet(a, 2));
    expect(told).toEqual([]);
    await turn();
    expect(told).toEqual([
      ...['step packet', 'step barrier', 'step packet'],
      ...['send bb 1', 'send bb 2', 'answer 7', 'notice admission', 'notice admission'],
    ]);
  });

  it('begins to write at once, and tells the validator when it is done', async () => {
    answer = (event) => (event.kind === 'timer' ? { persist: { batch: 1, operations: [] } } : {});
    loop.deliver({ kind: 'timer' });
    loop.deliver(packet(a, 1));
    await turn();
    expect(told).toEqual(['step timer', 'commit', 'step packet']);
    settleCommit[0]?.();
    await turn();
    await turn();
    expect(told.at(-1)).toBe('step persisted');
  });

  it('hears no more of a peer that was cut off, also of what came in the same turn', async () => {
    answer = (event) => (event.kind === 'packet' ? { misbehaved: [{ peer: event.from, reason: '' }] } : {});
    loop.deliver(packet(a, 1));
    loop.deliver(packet(a, 2));
    loop.deliver(packet(b, 3));
    await turn();
    expect(told).toEqual(['step packet', 'cut off aa', 'step packet', 'cut off bb']);
    loop.deliver(packet(a, 4));
    await turn();
    expect(told.slice(4)).toEqual(['step packet', 'cut off aa']);
  });

  it('lets packets leave before the end of a turn that takes long', async () => {
    answer = (event) => {
      const end = performance.now() + 6;
      while (performance.now() < end);
      return event.kind === 'packet' ? { send: [{ to: b, packet: event.bytes }] } : {};
    };
    loop.deliver(packet(a, 1));
    loop.deliver(packet(a, 2));
    await turn();
    expect(told).toEqual(['step packet', 'send bb 1', 'step packet', 'send bb 2']);
  });

  it('carries out what was asked for before a halt, and nothing after it', async () => {
    answer = (event) =>
      event.kind === 'timer'
        ? { halt: { code: 'BROKEN', detail: '' } }
        : { notices: [{ kind: 'admission' }], send: [{ to: b, packet: Uint8Array.of(1) }] };
    loop.deliver(packet(a, 1));
    loop.deliver({ kind: 'timer' });
    loop.deliver(packet(a, 2));
    await turn();
    loop.deliver(packet(a, 3));
    await turn();
    expect(told).toEqual(['step packet', 'step timer', 'send bb 1', 'notice admission', 'failed BROKEN']);
  });

  it('wakes the validator when the last step wants it, and not once it is stopped', async () => {
    let wakeAt = 0;
    answer = ({ kind }, now) => {
      if (kind !== 'packet') return { wakeAt: now.monotonic + 9_999 };
      wakeAt = now.monotonic + 30;
      return { wakeAt };
    };
    loop.deliver({ kind: 'barrier', request: 1 });
    loop.deliver(packet(a, 1));
    while (!told.includes('step timer')) await turn();
    expect(performance.now()).toBeGreaterThanOrEqual(wakeAt);
    expect(performance.now()).toBeLessThan(wakeAt + 2_000);
    loop.deliver(packet(a, 1));
    await turn();
    await loop.stop();
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(told.filter((one) => one === 'step timer')).toHaveLength(1);
  });

  it('ends the process when a step throws, and steps nothing more', async () => {
    answer = () => {
      throw new TypeError('a bug');
    };
    loop.deliver({ kind: 'timer' });
    loop.deliver({ kind: 'timer' });
    await turn();
    loop.deliver({ kind: 'timer' });
    await turn();
    expect(told).toEqual(['step timer', 'failed INVARIANT_BROKEN']);
  });
});
