import type { PublicKeyHex } from '@varve/encoding';
import type { Ledger } from '@varve/ledger/chain';
import type { Applier, SyncedBlock } from './applier.ts';
import { BlockSync, judgeBlocks, offerBlocks } from './block-sync.ts';
import { SERVE_INTERVAL_MS, SYNC_PATIENCE_MS } from './limits.ts';
import type { Outbox } from './outbox.ts';
import type { OfferedBlock } from './packet.ts';
import { isFresh, type Peers } from './peers.ts';
import type { SignatureRule } from './signatures.ts';

/** Catches up by certified blocks: always for observers, for validators when their engine cannot. */
export class Follow {
  readonly #ledger: Ledger;
  readonly #applier: Applier;
  readonly #peers: Peers;
  readonly #outbox: Outbox;
  readonly #sync: BlockSync;
  /** Heights of this node's own chain whose records are damaged. */
  readonly #damaged: Set<number>;
  readonly #rule: SignatureRule;
  readonly #mend: (synced: SyncedBlock) => void;
  /** The newest question of each peer that is not answered yet, and when a peer may be answered again. */
  readonly #questions = new Map<PublicKeyHex, { readonly from: number; readonly to: number }>();
  readonly #servedUntil = new Map<PublicKeyHex, number>();
  #wanted = false;
  #tipHeight = 0;
  #tipSince = 0;
  #repairing = false;

  constructor(
    parts: { readonly ledger: Ledger; readonly applier: Applier; readonly peers: Peers; readonly outbox: Outbox },
    damaged: ReadonlySet<number>,
    rule: SignatureRule,
    mend: (synced: SyncedBlock) => void,
  ) {
    this.#ledger = parts.ledger;
    this.#applier = parts.applier;
    this.#peers = parts.peers;
    this.#outbox = parts.outbox;
    this.#sync = new BlockSync(parts.outbox);
    this.#damaged = new Set(damaged);
    this.#rule = rule;
    this.#mend = mend;
  }

  /** The engine cannot catch this node up from its log. */
  want(): void {
    this.#wanted = true;
  }

  /** Heights still to be fetched again. */
  get damaged(): ReadonlySet<number> {
    return this.#damaged;
  }

  /** A record of this block turned out to be damaged. */
  reportDamage(height: number): void {
    this.#damaged.add(height);
  }

  disconnected(peer: PublicKeyHex): void {
    this.#questions.delete(peer);
    this.#servedUntil.delete(peer);
    this.#sync.disconnected(peer);
  }

  /** @param hasEngine - Whether an engine orders here: then it gets some time to catch up by itself. */
  tick(hasEngine: boolean, now: number): void {
    this.#sync.tick(now);
    const tip = this.#ledger.tip.header.height;
    if (tip !== this.#tipHeight) {
      this.#tipHeight = tip;
      this.#tipSince = now;
    }
    if (this.#sync.isAsking || this.#applier.waiting > 0) return;
    // Peers send the certificate that is missing here with their next hello.
    if (this.#ledger.isHandingOver) return;
    const repair = this.#damaged.values().next().value;
    if (repair !== undefined) {
      this.#repairing = true;
      return this.#sync.ask(this.#holders(repair, now), repair, now);
    }
    if (!this.#isAnybodyAt(tip + 1, now)) {
      this.#wanted = false;
      return;
    }
    if (hasEngine && !this.#wanted && now - this.#tipSince < SYNC_PATIENCE_MS) {
      return this.#outbox.wake(this.#tipSince + SYNC_PATIENCE_MS);
    }
    this.#repairing = false;
    this.#sync.ask(this.#holders(tip + 1, now), tip + 1, now);
  }

  /** A peer asks for blocks; the answer follows when it is this peer's turn. */
  serve(peer: PublicKeyHex, from: number, to: number): void {
    this.#questions.set(peer, { from, to });
  }

  /** Answers one peer at a time, so that no number of questions keeps this node from its work. */
  serveNext(now: number): void {
    for (const [peer, { from, to }] of this.#questions) {
      const at = this.#servedUntil.get(peer) ?? 0;
      if (now < at) {
        this.#outbox.wake(at);
        continue;
      }
      this.#questions.delete(peer);
      this.#servedUntil.set(peer, now + SERVE_INTERVAL_MS);
      if (this.#questions.size > 0) this.#outbox.wake(now);
      const blocks = offerBlocks(this.#ledger, Math.max(1, from), to, (height) => this.reportDamage(height));
      return this.#outbox.send(peer, { kind: 'blocks', blocks });
    }
  }

  /** The answer to a question of ours; anything else is ignored. */
  receive(peer: PublicKeyHex, offered: readonly OfferedBlock[], now: number): void {
    const from = this.#sync.answered(peer);
    if (from === undefined) return;
    if (this.#repairing) return this.#receiveRepair(peer, offered, from, now);
    if (from !== this.#ledger.tip.header.height + 1) return;
    const verdict = judgeBlocks(this.#ledger, offered, from, this.#ledger.tip.hash, this.#rule);
    if (verdict.kind === 'blocks') {
      for (const block of verdict.blocks) this.#applier.enqueueSynced(block);
      return;
    }
    this.#sync.avoid(peer, now);
    if (verdict.kind === 'lie') this.#outbox.misbehaved(peer, `block sync: ${verdict.reason}`);
  }

  /** A finished block that was gossiped: taken when it is the next one here. */
  gossiped(offered: readonly OfferedBlock[]): boolean {
    const next = this.#ledger.tip.header.height + 1;
    if (this.#applier.waiting > 0) return true;
    const verdict = judgeBlocks(this.#ledger, offered, next, this.#ledger.tip.hash, this.#rule);
    if (verdict.kind === 'blocks') for (const block of verdict.blocks) this.#applier.enqueueSynced(block);
    return true;
  }

  #receiveRepair(peer: PublicKeyHex, offered: readonly OfferedBlock[], from: number, now: number): void {
    const verdict = judgeBlocks(this.#ledger, offered, from, undefined, this.#rule);
    if (verdict.kind !== 'blocks') return this.#sync.avoid(peer, now);
    for (const synced of verdict.blocks) {
      const { header, hash } = synced.block.sealed;
      if (!this.#damaged.has(header.height) || !this.#ledger.isBlock(header.height, hash)) continue;
      this.#damaged.delete(header.height);
      this.#mend(synced);
    }
  }

  /** Asked after every event, and rarely true. */
  #isAnybodyAt(height: number, now: number): boolean {
    for (const peer of this.#peers.all()) if (isFresh(peer, now) && peer.hello.finalHeight >= height) return true;
    return false;
  }

  /** Connected peers whose final height reaches `height`, members first, then the highest. */
  #holders(height: number, now: number): PublicKeyHex[] {
    const holders = this.#peers.fresh(now).filter((peer) => peer.hello.finalHeight >= height);
    holders.sort(
      (a, b) =>
        Number(b.member !== undefined) - Number(a.member !== undefined) || b.hello.finalHeight - a.hello.finalHeight,
    );
    return holders.map((peer) => peer.networkKey);
  }
}
