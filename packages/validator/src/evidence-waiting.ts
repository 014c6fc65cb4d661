import type { ConfigurationHash, PublicKeyHex } from '@varve/encoding';
import { decodeEvidence, type EvidenceRecord, encodeEvidence, evidenceId } from '@varve/ledger';
import { EVIDENCE_WAITING_PER_PEER_MAX, STATEMENT_BYTES_MAX } from './limits.ts';

/**
 * Evidence of configurations that this node has not come to yet, by the peer that sent it: a liar fills its own place
 * only. It is judged when the configuration begins here; whoever disconnects sends all it has when it connects again.
 */
export class WaitingEvidence {
  readonly #byPeer = new Map<PublicKeyHex, Map<string, Uint8Array>>();

  /** Keeps a copy, where there is room. */
  add(peer: PublicKeyHex, record: EvidenceRecord): void {
    if (Math.max(record.first.bytes.length, record.second.bytes.length) > STATEMENT_BYTES_MAX) return;
    const waiting = this.#byPeer.get(peer) ?? new Map<string, Uint8Array>();
    if (waiting.size >= EVIDENCE_WAITING_PER_PEER_MAX) return;
    this.#byPeer.set(peer, waiting.set(evidenceId(record), encodeEvidence(record)));
  }

  disconnected(peer: PublicKeyHex): void {
    this.#byPeer.delete(peer);
  }

  /** Takes out what can be judged now. */
  take(
    isKnown: (configuration: ConfigurationHash) => boolean,
  ): readonly { readonly peer: PublicKeyHex; readonly record: EvidenceRecord }[] {
    const taken: { readonly peer: PublicKeyHex; readonly record: EvidenceRecord }[] = [];
    for (const [peer, waiting] of this.#byPeer) {
      for (const [id, bytes] of waiting) {
        const record = decodeEvidence(bytes);
        if (!isKnown(record.configurationHash)) continue;
        waiting.delete(id);
        taken.push({ peer, record });
      }
      if (waiting.size === 0) this.#byPeer.delete(peer);
    }
    return taken;
  }
}
