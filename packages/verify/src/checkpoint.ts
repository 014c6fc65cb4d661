import type { ConfigurationHash } from '@varve/encoding';
import { type Checkpoint, configurationHashOf, type SealedHeader } from '@varve/ledger';
import { chainsOf, reignsOf, wellFormed } from './configurations.ts';
import { type Finality, type Options, proveFinal } from './finality.ts';
import { readCheckpoint, type Trust } from './trust.ts';
import { judged, type Verdict } from './verdict.ts';

/** What `verifyCheckpoint` proves. */
export interface CheckpointReport extends Finality {
  readonly sealed: SealedHeader;
  readonly height: number;
  /** Unix milliseconds. */
  readonly time: number;
  /** The configuration that rules the block after it. */
  readonly next: { readonly number: number; readonly hash: ConfigurationHash };
}

/**
 * Checks a checkpoint against the genesis document or an older checkpoint. Once it was, its bytes can be trusted instead
 * of them. Total: any input has a verdict.
 * @param checkpointBytes - FORMATS `checkpoint`.
 */
export function verifyCheckpoint(
  checkpointBytes: Uint8Array,
  trust: Trust,
  options: Options = {},
): Verdict<CheckpointReport> {
  return judged('CHECKPOINT_MALFORMED', (trail) => {
    const read = (): Checkpoint => readCheckpoint(checkpointBytes);
    const { header: block, certificate, configurations, next } = trail.take('form', read, wellFormed('the checkpoint'));
    const reigns = reignsOf(trail, trust, chainsOf(block), configurations);
    const { finality } = proveFinal(trail, reigns, { block, later: null, certificate }, options);
    const { height, time } = block.header;
    return { ...finality, sealed: block, height, time, next: { number: next.number, hash: configurationHashOf(next) } };
  });
}
