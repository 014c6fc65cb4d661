import { verifySignature } from '@varve/crypto';
import { type BlockHash, bytesEqual } from '@varve/encoding';
import { anchorOf, decodeHeader, type Genesis, payloadIdOf, RULES_KNOWN, type SealedHeader } from '@varve/ledger';
import {
  firstBlock,
  headerKey,
  INDEX_SHAPE,
  IndexLayout,
  type IndexShape,
  RECORD_KIND,
  rulesFault,
  STATE_HISTORY_HEIGHTS,
  type Store,
} from '@varve/ledger/chain';
import { checkCertificate, type SignatureRule } from './certificate-check.ts';
import { ConfigurationFollow } from './configuration-follow.ts';
import { type CopiedBlock, type OpenedPayload, openPayload } from './copied-block.ts';
import { checkDerived, keptIn, nameChanged } from './derived-check.ts';
import { Findings } from './finding.ts';
import { compareHeaders, nameSkipped } from './header-check.ts';
import { MissingBlocks } from './missing-blocks.ts';
import { Replay, type ReplayedBlock, type ReplaySurroundings } from './replay.ts';

/** What a copy says of itself. */
export interface CopyClaim {
  readonly height: number;
  readonly finalHeight: number;
  /** Undefined where the copy does not say. */
  readonly blockHash: BlockHash | undefined;
  /** Last engine index that the copy says was executed. */
  readonly applied?: number;
}

/** How a copy is judged. */
export interface AuditOptions extends ReplaySurroundings {
  /** What is trusted. */
  readonly genesis: Genesis;
  /** What the copy keeps beside its blocks; absent where it keeps blocks alone. */
  readonly derived?: Store | undefined;
  readonly claim?: CopyClaim | undefined;
  /** How the copy's index of transactions is laid out, where not as all stores have it. */
  readonly index?: IndexShape | undefined;
  /** The one signature rule, of seals; verdicts that were found before may stand in. */
  readonly isSigned?: SignatureRule;
  /** Where an earlier audit of the same copy had come. */
  readonly start?: AuditStart | undefined;
}

/** Where an audit stands, to go on from. */
export interface AuditStart {
  readonly replay: Replay;
  readonly findings: Findings;
  readonly counts: AuditCounts;
  readonly certifiedLast: number;
  readonly isStateRootWrong: boolean;
  /** Height from which on blocks were executed: 0 for genesis, else a certified one. */
  readonly startedAt: number;
}

/** How much was judged. */
export interface AuditCounts {
  /** Blocks executed again. */
  blocks: number;
  /** Transactions that got a leaf. */
  transactions: number;
  /** Items of payloads that the rules pass over. */
  skipped: number;
  /** Valid certificates. */
  certificates: number;
  /** Highest height with a valid certificate. */
  certifiedHeight: number;
}

/** From which height on something could not be judged, and why. */
export interface NotJudged {
  readonly from: number;
  readonly reason: string;
  /** From here on seals could not be judged either, since it is not known who ruled; null where they were. */
  readonly certificatesFrom: number | null;
}

/**
 * Judges a copy of a ledger, one block after another: it executes each again on a state of its own, and compares. It
 * never throws for what a copy holds; what cannot be judged after a fault it names.
 */
export class Auditor {
  readonly genesis: Genesis;
  readonly findings: Findings;
  readonly counts: AuditCounts;
  readonly replay: Replay;
  readonly claim: CopyClaim | undefined;
  readonly derived: Store | undefined;
  readonly layout: IndexLayout;
  /** Below this height nothing was executed: 0 for genesis. */
  readonly startedAt: number;
  readonly isSigned: SignatureRule;
  readonly #missing: MissingBlocks;
  /** The height given last. */
  #height: number;
  /** Hash of the block given last; undefined where it could not be read. */
  #previous: BlockHash | undefined;
  /** The block below as the copy has it, where execution gave another. */
  #rival: SealedHeader | undefined;
  #notJudged: Omit<NotJudged, 'certificatesFrom'> | undefined;
  readonly #follow: ConfigurationFollow;
  #isStateRootWrong: boolean;
  /** The highest last block of a configuration that is certified, or was found not to be. */
  #certifiedLast: number;
  #newest: SealedHeader;

  constructor({ start, genesis, derived, claim, isSigned, index, ...surroundings }: AuditOptions) {
    this.genesis = genesis;
    this.derived = derived;
    this.layout = new IndexLayout(index ?? INDEX_SHAPE);
    this.claim = claim;
    this.isSigned = isSigned ?? verifySignature;
    this.replay = start?.replay ?? Replay.begin(genesis, surroundings);
    this.findings = start?.findings ?? new Findings();
    this.counts = start?.counts ?? { blocks: 0, transactions: 0, skipped: 0, certificates: 0, certifiedHeight: 0 };
    this.startedAt = start?.startedAt ?? 0;
    this.#certifiedLast = start?.certifiedLast ?? 0;
    this.#isStateRootWrong = start?.isStateRootWrong ?? false;
    this.#follow = new ConfigurationFollow(derived);
    this.#missing = new MissingBlocks(this.findings);
    const { tip } = this.replay.ledger;
    this.#height = tip.header.height;
    this.#previous = tip.hash;
    this.#newest = tip;
    if (start === undefined && derived) this.#checkFirst(surroundings, derived);
  }

  /** The height given last; the next is one more. */
  get height(): number {
    return this.#height;
  }

  /** Hash of the block given last, as the copy has it. */
  get tipHash(): BlockHash | undefined {
    return this.#previous;
  }

  /** What another run has to know besides: which last block of a configuration was asked for its certificate. */
  get certifiedLast(): number {
    return this.#certifiedLast;
  }

  /** Whether the state was found to differ. */
  get isStateRootWrong(): boolean {
    return this.#isStateRootWrong;
  }

  /** What could not be judged. */
  get notJudged(): NotJudged | undefined {
    const certificatesFrom = this.#follow.unknownFrom ?? null;
    return this.#notJudged && { ...this.#notJudged, certificatesFrom };
  }

  /** What the header of the claimed tip says of the state. */
  get newestStateRoot(): Uint8Array | undefined {
    return this.#newest.header.height === this.claim?.height ? this.#newest.header.stateRoot : undefined;
  }

  /** Whether an interruption now loses nothing: the last block given is the one executed last, and is not in doubt. */
  get canPause(): boolean {
    return (
      this.#notJudged === undefined &&
      this.#rival === undefined &&
      this.replay.ledger.tip.header.height === this.#height &&
      this.#previous === this.replay.ledger.tip.hash
    );
  }

  /**
   * Judges the block at the next height.
   * @param opened - Its payload, decoded, with its signatures judged; else that is done here.
   * @returns The block's header where it can be read, and whether its certificate is valid.
   */
  next(
    block: CopiedBlock,
    opened?: OpenedPayload,
  ): { readonly sealed: SealedHeader | undefined; isCertified: boolean } {
    this.#height += 1;
    const sealed = this.#read(block);
    if (sealed === undefined) {
      this.#previous = undefined;
      this.#rival = undefined;
      return { sealed, isCertified: false };
    }
    const isRuled = this.#isRuleKnown(sealed);
    this.#checkLink(block.height, sealed, isRuled);
    const isCertified = isRuled && this.#checkCertificate(block, sealed);
    if (this.#notJudged === undefined) this.#execute(block, sealed, opened);
    this.#previous = sealed.hash;
    this.#newest = sealed;
    return { sealed, isCertified };
  }

  /** After the last block: what only the whole chain shows. */
  end(): void {
    const { claim, findings, counts } = this;
    this.#missing.end(claim?.height);
    const isRuled = this.#follow.unknownFrom === undefined;
    if (isRuled) this.#demandCertified(this.#height);
    if (claim === undefined) return;
    const isOther = claim.blockHash !== undefined && this.#previous !== undefined && this.#previous !== claim.blockHash;
    if (isOther && this.#height === claim.height) {
      const text = `the newest block is said to be ${claim.blockHash}, but is ${this.#previous}`;
      findings.add('TIP_WRONG', claim.height, text);
    }
    const { index } = anchorOf(this.#newest);
    if (claim.applied !== undefined && this.#height === claim.height && claim.applied < index)
      findings.add('TIP_WRONG', claim.height, `said to be executed up to index ${claim.applied}, below ${index}`);
    if (claim.finalHeight > claim.height)
      findings.add('TIP_WRONG', claim.finalHeight, `final up to ${claim.finalHeight}, above the newest block`);
    if (isRuled && claim.finalHeight > counts.certifiedHeight) {
      const text = `blocks up to ${claim.finalHeight} are said to be final, but the highest valid certificate is of ${counts.certifiedHeight}`;
      findings.add('CERTIFICATE_MISSING', claim.finalHeight, text);
    }
  }

  #checkFirst({ modules }: ReplaySurroundings, derived: Store): void {
    const first = firstBlock(this.genesis, modules.values());
    const { tip } = this.replay.ledger;
    const kept = keptIn(derived, headerKey(0));
    if (kept === 'damaged') this.findings.add('RECORD_DAMAGED', 0, 'the header of block 0 has a wrong checksum');
    else if (kept === 'missing' || !bytesEqual(kept, first.bytes))
      this.findings.add('GENESIS_WRONG', 0, `block 0 is not ${tip.hash}, which the genesis document gives`);
  }

  /** The header of a block; what keeps it from being read ends the execution. */
  #read({ height, header }: CopiedBlock): SealedHeader | undefined {
    if (header === 'missing') {
      this.#missing.add(height);
      this.#stop(height, `block ${height} is missing`);
      return undefined;
    }
    if (header === 'damaged') {
      this.#missing.end(undefined);
      this.findings.add('RECORD_DAMAGED', height, 'the header has a wrong checksum');
      this.#stop(height, `the header of block ${height} is damaged`);
      return undefined;
    }
    let sealed: SealedHeader;
    try {
      sealed = decodeHeader(header);
    } catch (error) {
      this.#missing.end(undefined);
      this.findings.add('BLOCK_UNREADABLE', height, `the header cannot be read: ${messageOf(error)}`);
      this.#stop(height, `the header of block ${height} cannot be read`);
      return undefined;
    }
    if (sealed.header.height === height) {
      this.#missing.end(undefined);
      return sealed;
    }
    this.#missing.add(height, sealed.header.height);
    this.#stop(height, `another block stands at height ${height}`);
    return undefined;
  }

  /** Whether it is known who rules the height of a block: while blocks are executed, always. */
  #isRuleKnown({ header }: SealedHeader): boolean {
    if (this.#notJudged === undefined) return true;
    return this.#follow.knows(header, this.replay.ledger.configurations, this.#notJudged.from);
  }

  #checkLink(height: number, { header }: SealedHeader, isRuled: boolean): void {
    const { chainId } = this.replay.ledger;
    if (header.chainId !== chainId) this.findings.add('CHAIN_WRONG', height, `the block is of chain ${header.chainId}`);
    if (this.#previous !== undefined && header.parentHash !== this.#previous) {
      const text = `the block names ${header.parentHash} as its parent, but block ${height - 1} is ${this.#previous}`;
      this.findings.add('LINK_BROKEN', height, text);
    }
    // Which of the two blocks below is the changed one, the block above says: it stands on the other.
    if (this.#rival && header.parentHash === this.#rival.hash) this.replay.adopt(this.#rival);
    this.#rival = undefined;
    if (!isRuled) return;
    const ruled = this.replay.ledger.configurations.at(height);
    if (ruled.first === height && height > 1) this.#demandCertified(height);
    if (header.configurationHash !== ruled.hash) {
      const text = `the block names configuration ${header.configurationHash}; number ${ruled.configuration.number}, ${ruled.hash}, rules its height`;
      this.findings.add('CONFIGURATION_WRONG', height, text);
    }
  }

  /** The last block of a configuration hands over by its own certificate. */
  #demandCertified(height: number): void {
    const { configurations } = this.replay.ledger;
    const last = configurations.at(height).first - 1;
    if (last < 1 || last >= height || this.#certifiedLast >= last) return;
    this.#certifiedLast = last;
    this.findings.add('CERTIFICATE_MISSING', last, 'the last block of its configuration has no valid certificate');
  }

  #checkCertificate(block: CopiedBlock, sealed: SealedHeader): boolean {
    const { chainId, configurations } = this.replay.ledger;
    const context = { chainId, configurations, isSigned: this.isSigned, findings: this.findings };
    const certificate = checkCertificate(context, block, sealed);
    if (certificate === undefined) return false;
    this.counts.certificates += 1;
    this.counts.certifiedHeight = block.height;
    const { configurationHash, nextConfigurationHash } = sealed.header;
    if (configurationHash !== nextConfigurationHash) this.#certifiedLast = block.height;
    return true;
  }

  #execute(block: CopiedBlock, sealed: SealedHeader, prepared: OpenedPayload | undefined): void {
    const { height } = block;
    const opened = this.#open(block, sealed, prepared);
    if (opened === undefined) return;
    const { header } = sealed;
    const { index, epoch } = opened.content;
    if (index !== header.index || epoch.number !== header.epoch.number || epoch.node !== header.epoch.node) {
      const said = `index ${index}, epoch ${epoch.number} ${epoch.node}`;
      const text = `the payload was built for ${said}; the header says ${header.index}, ${header.epoch.number} ${header.epoch.node}`;
      this.findings.add('HEADER_WRONG', height, text);
    }
    const { ledger } = this.replay;
    if (header.index <= ledger.applied) {
      this.findings.add('HEADER_WRONG', height, `its index ${header.index} is not above ${ledger.applied}`);
      return this.#stop(height, `block ${height} does not follow in the order of its engine`);
    }
    const rules = rulesFault(ledger.next.configuration, height, RULES_KNOWN);
    if (rules !== undefined) {
      this.findings.add('RULES_UNKNOWN', height, rules);
      return this.#stop(height, rules);
    }
    let replayed: ReplayedBlock;
    try {
      replayed = this.replay.execute(sealed, opened);
    } catch (error) {
      this.findings.add('EXECUTION_FAILED', height, `executing the block failed: ${messageOf(error)}`);
      return this.#stop(height, `block ${height} cannot be executed`);
    }
    this.counts.blocks += 1;
    this.counts.transactions += replayed.execution.executed.length;
    this.counts.skipped += replayed.execution.skipped.length;
    this.#compare(sealed, replayed);
  }

  #compare(sealed: SealedHeader, { made, execution, written }: ReplayedBlock): void {
    const { height } = sealed.header;
    if (made === undefined) {
      this.findings.add('HEADER_WRONG', height, 'nothing comes of its payload, so that there must be no block');
      nameSkipped(height, execution, this.findings);
      this.#rival = sealed;
      return;
    }
    if (made.sealed.hash !== sealed.hash) {
      this.#rival = sealed;
      const wrong = compareHeaders(sealed, made.sealed, this.#isStateRootWrong, this.findings);
      if (wrong.has('transactions')) nameSkipped(height, execution, this.findings);
      if (wrong.has('state')) this.#isStateRootWrong = true;
    }
    if (this.derived === undefined) return;
    const final = this.claim?.finalHeight ?? 0;
    // The height of a hash is kept under the hash of the copy's own block.
    const expected =
      made.sealed.hash === sealed.hash ? written : written.filter(({ key }) => key[0] !== RECORD_KIND.heightOf);
    checkDerived(this.derived, height, expected, height > final - STATE_HISTORY_HEIGHTS, this.findings);
  }

  /** The payload, ready to be executed. */
  #open(
    { height, payload }: CopiedBlock,
    { header }: SealedHeader,
    prepared: OpenedPayload | undefined,
  ): OpenedPayload | undefined {
    const no = (code: 'BLOCK_MISSING' | 'RECORD_DAMAGED' | 'PAYLOAD_CHANGED' | 'BLOCK_UNREADABLE', text: string) => {
      this.findings.add(code, height, text);
      this.#stop(height, `the payload of block ${height} is not there as it was`);
      return undefined;
    };
    if (payload === 'missing') return no('BLOCK_MISSING', 'the payload is missing');
    if (payload === 'damaged') return no('RECORD_DAMAGED', 'the payload has a wrong checksum');
    if (payloadIdOf(payload) !== header.payloadHash) {
      if (this.derived) nameChanged(this.derived, height, payload, this.findings);
      return no('PAYLOAD_CHANGED', `the payload is not ${header.payloadHash}, which the header names`);
    }
    const isSigned: OpenedPayload['isSigned'] = ({ publicKey, signedBytes, signature }) =>
      this.isSigned(publicKey, signedBytes, signature);
    return prepared ?? openPayload(payload, isSigned) ?? no('BLOCK_UNREADABLE', 'the payload cannot be read');
  }

  #stop(height: number, reason: string): void {
    this.#notJudged ??= { from: height, reason };
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
