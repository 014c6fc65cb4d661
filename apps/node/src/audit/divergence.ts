import type { Auditor } from '@varve/audit';
import { compareBytes, configurationHash, publicKeyHex } from '@varve/encoding';
import { type Certificate, decodeCertificate, type EvidenceRecord, judgeEvidence, sealSignBytes } from '@varve/ledger';
import type { JudgedBlock } from './copy-audit.ts';

/** The first height at which copies hold different blocks. */
export interface Divergence {
  readonly height: number;
  readonly blocks: readonly {
    readonly copy: string;
    readonly blockHash: string;
    readonly parentHash: string;
    readonly isCertified: boolean;
  }[];
}

/** A validator that sealed two blocks of one height. */
export interface Contradiction {
  readonly height: number;
  readonly validator: string;
  readonly organization: string;
  readonly record: EvidenceRecord;
}

/** Compares copies block by block, and gathers proof against those who sealed both sides of a fork. */
export class ForkWatch {
  divergence: Divergence | undefined;
  readonly contradictions: Contradiction[] = [];

  /** Blocks of one height, of the copies that have one; names and auditors in the same order. */
  compare(height: number, blocks: readonly JudgedBlock[], copies: readonly { name: string; auditor: Auditor }[]): void {
    const read = blocks.flatMap(({ sealed, block, isCertified }, i) => {
      const copy = copies[i];
      return sealed && copy ? [{ sealed, block, isCertified, copy }] : [];
    });
    if (new Set(read.map(({ sealed }) => sealed.hash)).size < 2) return;
    this.divergence ??= {
      height,
      blocks: read.map(({ sealed, isCertified, copy }) => ({
        copy: copy.name,
        blockHash: sealed.hash,
        parentHash: sealed.header.parentHash,
        isCertified,
      })),
    };
    if (this.contradictions.length > 0) return;
    const certified = read.filter(({ isCertified }) => isCertified);
    certified.forEach((one, i) => {
      for (const other of certified.slice(i + 1)) {
        if (one.sealed.hash === other.sealed.hash) continue;
        const [a, b] = [one, other].map(({ block }) =>
          typeof block.certificate === 'string' ? undefined : decodeCertificate(block.certificate),
        );
        if (a && b) this.contradictions.push(...contradictions(height, a, b, one.copy.auditor));
      }
    });
  }

  /** What the divergence means, in words. */
  describe(): string {
    if (this.divergence === undefined) return '';
    const certified = this.divergence.blocks.filter(({ isCertified }) => isCertified).length;
    if (this.contradictions.length > 0) {
      const names = this.contradictions.map(({ validator }) => validator).join(', ');
      return `both sides are certified at height ${this.contradictions[0]?.height}: ${names} sealed two blocks of one height`;
    }
    if (certified > 0) return 'only one side is certified here: what is not certified may be another block';
    return "neither side is certified here: what is not certified is nobody's last word";
  }
}

/** Everyone who sealed both blocks: the seals of one configuration and height contradict each other. */
function contradictions(height: number, a: Certificate, b: Certificate, { replay }: Auditor): Contradiction[] {
  const { chainId, configurations } = replay.ledger;
  const ruled = configurations.withHash(a.configurationHash);
  if (ruled === undefined || a.configurationHash !== b.configurationHash) return [];
  return a.signatures.flatMap(({ validatorIndex, signature }) => {
    const second = b.signatures.find((entry) => entry.validatorIndex === validatorIndex);
    const member = ruled.configuration.validators[validatorIndex];
    if (second === undefined || member === undefined) return [];
    const sides = [
      { bytes: sealSignBytes(chainId, configurationHash(a.configurationHash), a.height, a.blockHash), signature },
      {
        bytes: sealSignBytes(chainId, configurationHash(b.configurationHash), b.height, b.blockHash),
        signature: second.signature,
      },
    ].sort((x, y) => compareBytes(x.bytes, y.bytes));
    const [first, last] = sides;
    if (first === undefined || last === undefined) return [];
    const record = { signingKey: publicKeyHex(member.signingKey), configurationHash: ruled.hash, first, second: last };
    const judged = judgeEvidence(record, chainId, ruled.configuration);
    return judged.ok ? [{ height, validator: member.name, organization: member.organization, record }] : [];
  });
}
