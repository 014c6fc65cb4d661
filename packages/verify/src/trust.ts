import type { Configuration } from '@varve/consensus';
import type { ChainId, ConfigurationHash } from '@varve/encoding';
import {
  type Checkpoint,
  chainIdOf,
  checkConfiguration,
  checkGenesis,
  configurationHashOf,
  decodeCheckpoint,
  decodeGenesis,
  type Genesis,
  type SealedHeader,
} from '@varve/ledger';
import { demand, reading, type Trail } from './verdict.ts';

/**
 * What the caller knows to be right: the genesis document, also in its canonical bytes, or a checkpoint that was verified once and kept (FORMATS
 * `checkpoint`). Of the checkpoint only its block and its next configuration are used; its certificate is not judged again.
 */
export type Trust = { readonly genesis: Genesis | Uint8Array } | { readonly checkpoint: Uint8Array };

/** @throws {LedgerError} where the bytes are no genesis document. */
export function readGenesis(genesis: Genesis | Uint8Array): Genesis {
  return genesis instanceof Uint8Array ? decodeGenesis(genesis) : genesis;
}

/** Where every proof begins. */
export interface Anchor {
  readonly chainId: ChainId;
  /** Rules the first block after it. */
  readonly configuration: Configuration;
  readonly hash: ConfigurationHash;
  /** The trusted block; absent where the genesis document is trusted. */
  readonly checkpoint: SealedHeader | undefined;
  readonly genesis: Genesis | undefined;
}

/** @throws {Refused} `GENESIS_MALFORMED`, `CHECKPOINT_MALFORMED`. */
export function anchorOf(trail: Trail, trust: Trust): Anchor {
  return trail.take('trust', () => readTrust(trust), says);
}

function readTrust(trust: Trust): Anchor {
  if ('checkpoint' in trust) {
    const { header: checkpoint, next: configuration } = readCheckpoint(trust.checkpoint);
    const { chainId, nextConfigurationHash: hash } = checkpoint.header;
    return { chainId, configuration, hash, checkpoint, genesis: undefined };
  }
  return reading('GENESIS_MALFORMED', () => {
    const genesis = readGenesis(trust.genesis);
    checkConfiguration(genesis.configuration);
    checkGenesis(genesis);
    const { configuration } = genesis;
    const hash = configurationHashOf(configuration);
    return { chainId: chainIdOf(genesis), configuration, hash, checkpoint: undefined, genesis };
  });
}

/** @throws {Refused} `CHECKPOINT_MALFORMED`, also where another configuration follows than its block names. */
export function readCheckpoint(bytes: Uint8Array): Checkpoint {
  const checkpoint = reading('CHECKPOINT_MALFORMED', () => decodeCheckpoint(bytes));
  const isBound = configurationHashOf(checkpoint.next) === checkpoint.header.header.nextConfigurationHash;
  demand(isBound, 'CHECKPOINT_MALFORMED', 'its block names another next configuration');
  return checkpoint;
}

function says({ chainId, checkpoint }: Anchor): string {
  if (checkpoint === undefined)
    return `You trust the genesis document of chain ${chainId}: compare this id with your own.`;
  return `You trust the checkpoint at block ${checkpoint.header.height} of chain ${chainId}.`;
}
