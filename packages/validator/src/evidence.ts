import type { SignedBytes, ValidatorMember } from '@varve/consensus';
import { sha256Parts } from '@varve/crypto';
import { type ConfigurationHash, compareBytes, concatBytes, fromHex, type PublicKeyHex } from '@varve/encoding';
import {
  decodeEvidence,
  type EvidenceRecord,
  encodeEvidence,
  evidenceId,
  judgeEvidence,
  LedgerError,
} from '@varve/ledger';
import { type Ledger, RECORD_KIND } from '@varve/ledger/chain';
import { WaitingEvidence } from './evidence-waiting.ts';
import { EVIDENCE_MAX, EVIDENCE_MESSAGES_MAX, EVIDENCE_PER_VALIDATOR_MAX } from './limits.ts';
import type { Outbox } from './outbox.ts';
import type { Peer, Peers } from './peers.ts';
import type { SignatureRule } from './signatures.ts';

/**
 * Keeps for ever what proves that a validator contradicted itself, FORMATS `evidence`, and sees to it that every
 * connected node has it too. The first records win: a liar cannot push out others', nor its own first ones.
 */
export class EvidenceBook {
  readonly #ledger: Ledger;
  readonly #peers: Peers;
  readonly #outbox: Outbox;
  readonly #rule: SignatureRule;
  readonly #accused: (signingKey: PublicKeyHex) => void;
  readonly #records: Uint8Array[] = [];
  readonly #ids = new Set<string>();
  readonly #perValidator = new Map<PublicKeyHex, number>();
  readonly #waiting = new WaitingEvidence();
  /** Messages of each peer since its link came up. */
  readonly #messages = new Map<PublicKeyHex, number>();

  /**
   * @param stored - What the store holds.
   * @param accused - Called with the signing key of each new record.
   */
  constructor(
    ledger: Ledger,
    peers: Peers,
    outbox: Outbox,
    rule: SignatureRule,
    stored: readonly EvidenceRecord[],
    accused: (signingKey: PublicKeyHex) => void,
  ) {
    this.#ledger = ledger;
    this.#peers = peers;
    this.#outbox = outbox;
    this.#rule = rule;
    this.#accused = accused;
    for (const record of stored) this.#remember(evidenceId(record), record);
  }

  /** FORMATS `evidence`, each contradiction once. */
  get records(): readonly Uint8Array[] {
    return this.#records;
  }

  /** Whether the holder of this key is known to have contradicted itself. */
  isAgainst(signingKey: PublicKeyHex): boolean {
    return this.#perValidator.has(signingKey);
  }

  /** This node itself saw two statements of a member of a configuration that contradict each other. */
  found(
    validator: ValidatorMember,
    configurationHash: ConfigurationHash,
    first: SignedBytes,
    second: SignedBytes,
  ): void {
    this.#take({ signingKey: validator.signingKey, configurationHash, first, second }, undefined);
  }

  /** What a peer says it has. */
  receive(peer: Peer, records: readonly Uint8Array[]): void {
    const messages = (this.#messages.get(peer.networkKey) ?? 0) + 1;
    this.#messages.set(peer.networkKey, messages);
    if (messages > EVIDENCE_MESSAGES_MAX) return this.#outbox.misbehaved(peer.networkKey, 'a flood of evidence');
    for (const bytes of records) {
      let record: EvidenceRecord;
      try {
        record = decodeEvidence(bytes);
      } catch (error) {
        if (!(error instanceof LedgerError)) throw error;
        return this.#outbox.misbehaved(peer.networkKey, 'malformed evidence');
      }
      if (!this.#takeFrom(peer.networkKey, record)) return;
    }
  }

  /** Another configuration begins: what waited for it is judged. */
  beginConfiguration(): void {
    const { configurations } = this.#ledger;
    for (const { peer, record } of this.#waiting.take((hash) => configurations.withHash(hash) !== undefined))
      this.#takeFrom(peer, record);
  }

  /** A peer may have missed what went round before. */
  connected(peer: Peer): void {
    this.#messages.delete(peer.networkKey);
    if (this.#records.length > 0) this.#send(peer, this.#records);
  }

  disconnected(networkKey: PublicKeyHex): void {
    this.#messages.delete(networkKey);
    this.#waiting.disconnected(networkKey);
  }

  /** Whether a record was not worse than useless; its sender answers for it. */
  #takeFrom(peer: PublicKeyHex, record: EvidenceRecord): boolean {
    const fault = this.#take(record, peer);
    if (fault !== undefined) this.#outbox.misbehaved(peer, `evidence that proves nothing: ${fault}`);
    return fault === undefined;
  }

  /** Keeps and passes on what is new; returns why it proves nothing. */
  #take(record: EvidenceRecord, from: PublicKeyHex | undefined): string | undefined {
    const id = evidenceId(record);
    if (this.#ids.has(id) || !this.#hasRoom(record.signingKey)) return undefined;
    const ruled = this.#ledger.configurations.withHash(record.configurationHash);
    if (ruled === undefined) {
      // A node that is behind cannot judge it yet.
      if (from !== undefined) this.#waiting.add(from, record);
      return undefined;
    }
    const judgement = judgeEvidence(record, this.#ledger.chainId, ruled.configuration, this.#rule);
    if (!judgement.ok) return judgement.reason;
    const bytes = this.#remember(id, inOrder(record));
    this.#ledger.records.put(keyOf(record), bytes);
    const code = judgement.first.kind === 'seal' ? 'SEAL_EQUIVOCATION' : 'VOTE_EQUIVOCATION';
    this.#outbox.log('error', code, { validator: judgement.validator.name, evidence: id });
    for (const peer of this.#peers.all()) if (peer.networkKey !== from) this.#send(peer, [bytes]);
    this.#accused(record.signingKey);
    return undefined;
  }

  #hasRoom(signingKey: PublicKeyHex): boolean {
    if (this.#records.length >= EVIDENCE_MAX) return false;
    return (this.#perValidator.get(signingKey) ?? 0) < EVIDENCE_PER_VALIDATOR_MAX;
  }

  #remember(id: string, record: EvidenceRecord): Uint8Array {
    const bytes = encodeEvidence(record);
    this.#ids.add(id);
    this.#records.push(bytes);
    this.#perValidator.set(record.signingKey, (this.#perValidator.get(record.signingKey) ?? 0) + 1);
    return bytes;
  }

  #send(peer: Peer, records: readonly Uint8Array[]): void {
    this.#outbox.send(peer.networkKey, { kind: 'evidence', records: [...records] });
  }
}

/** The same pair in either order is one record. */
function inOrder(record: EvidenceRecord): EvidenceRecord {
  const { first, second } = record;
  return compareBytes(first.bytes, second.bytes) < 0 ? record : { ...record, first: second, second: first };
}

function keyOf(record: EvidenceRecord): Uint8Array {
  const { signingKey, first, second } = inOrder(record);
  return concatBytes(Uint8Array.of(RECORD_KIND.evidence), fromHex(signingKey), sha256Parts(first.bytes, second.bytes));
}
