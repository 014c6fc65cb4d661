import type { Multiaddr } from '@multiformats/multiaddr';
import type { PublicKeyHex } from '@varve/encoding';
import { BACKOFF_MS_MAX, BACKOFF_MS_MIN } from './limits.ts';

/** What a dialer asks of its owner. */
export interface DialerPort {
  /** Whether a connection to `peer` is open, whoever opened it. */
  isConnected(peer: PublicKeyHex): boolean;
  /** Milliseconds until `peer` may be dialled; 0 now. */
  waitMs(peer: PublicKeyHex): number;
  /** Resolves when a connection is open; rejects otherwise, within a bounded time. */
  dial(peer: PublicKeyHex, address: Multiaddr): Promise<void>;
}

type Target = { address: Multiaddr; attempts: number; timer: NodeJS.Timeout | undefined; isDialling: boolean };

/** Milliseconds to wait after `attempts` failures in a row: doubling, bounded, and spread by a quarter either way. */
export function backoffMs(attempts: number, random: () => number = Math.random): number {
  const base = Math.min(BACKOFF_MS_MIN * 2 ** Math.min(attempts, 20), BACKOFF_MS_MAX);
  return Math.round(base * (0.75 + random() / 2));
}

/** Dials the given peers whenever they are not connected, for ever, each with its own backoff. */
export class Dialer {
  readonly #port: DialerPort;
  readonly #targets = new Map<PublicKeyHex, Target>();

  constructor(port: DialerPort) {
    this.#port = port;
  }

  /** Replaces the peers to keep connected; connections to others are left alone. */
  setTargets(addresses: ReadonlyMap<PublicKeyHex, Multiaddr>): void {
    for (const [peer, target] of this.#targets) {
      if (addresses.has(peer)) continue;
      clearTimeout(target.timer);
      this.#targets.delete(peer);
    }
    for (const [peer, address] of addresses) {
      const known = this.#targets.get(peer);
      if (known?.address.equals(address)) continue;
      if (known) clearTimeout(known.timer);
      const target = { address, attempts: 0, timer: undefined, isDialling: false };
      this.#targets.set(peer, target);
      this.#schedule(peer, target, 0);
    }
  }

  /** The link to `peer` works: the next loss is dialled at once again. */
  succeeded(peer: PublicKeyHex): void {
    const target = this.#targets.get(peer);
    if (target) target.attempts = 0;
  }

  /** No connection to `peer` is left. */
  lost(peer: PublicKeyHex): void {
    const target = this.#targets.get(peer);
    if (target && !target.isDialling) this.#schedule(peer, target, backoffMs(target.attempts));
  }

  stop(): void {
    for (const target of this.#targets.values()) clearTimeout(target.timer);
    this.#targets.clear();
  }

  #schedule(peer: PublicKeyHex, target: Target, delayMs: number): void {
    clearTimeout(target.timer);
    target.timer = setTimeout(() => void this.#attempt(peer, target), Math.max(delayMs, this.#port.waitMs(peer)));
  }

  async #attempt(peer: PublicKeyHex, target: Target): Promise<void> {
    if (this.#port.isConnected(peer)) return;
    const waitMs = this.#port.waitMs(peer);
    if (waitMs > 0) return this.#schedule(peer, target, waitMs);
    target.attempts++;
    target.isDialling = true;
    try {
      await this.#port.dial(peer, target.address);
    } catch {
      // Expected while a peer is away; the next attempt follows.
    } finally {
      target.isDialling = false;
    }
    if (this.#targets.get(peer) === target && !this.#port.isConnected(peer))
      this.#schedule(peer, target, backoffMs(target.attempts));
  }
}
