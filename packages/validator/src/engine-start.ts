import type { ValidatorMember } from '@varve/consensus';
import { sha256Parts } from '@varve/crypto';
import { fromHex } from '@varve/encoding';
import { anchorOf } from '@varve/ledger';
import { EngineHost, type EngineSurroundings } from './engine-host.ts';
import type { LoadedStore } from './loader.ts';
import type { ValidatorOptions } from './options.ts';

/** Creates the engine of the present configuration from what the store held when this run began. */
export function startEngine(parts: {
  readonly loaded: LoadedStore;
  readonly self: ValidatorMember;
  readonly options: ValidatorOptions;
  readonly surroundings: EngineSurroundings;
  readonly now: number;
}): EngineHost {
  const { loaded, options, self } = parts;
  const { ledger, engineState } = loaded;
  const [first] = ledger.configuration.validators;
  const isFresh = ledger.tip.header.height === 0 && engineState.hardState === undefined;
  return new EngineHost(
    options.protocol,
    ledger.configuration,
    {
      ...(engineState.hardState && { hardState: engineState.hardState }),
      anchor: engineState.anchor,
      log: loaded.log,
      ledger: anchorOf(ledger.tip),
      applied: ledger.applied,
    },
    loaded.vouched,
    {
      self: self.name,
      instance: loaded.instance,
      seed: seedOf(parts),
      // The members agree on who begins, so that a new chain needs no election time-out.
      ...(isFresh && first && { first: first.name }),
      timing: options.timing,
      window: options.window,
    },
    parts.surroundings,
    parts.now,
  );
}

/** H(chain, node, boot): no two nodes and no two starts draw the same timeouts. */
function seedOf({ loaded, self, options }: Parameters<typeof startEngine>[0]): Uint8Array {
  const boots = new Uint8Array(4);
  new DataView(boots.buffer).setUint32(0, loaded.boots);
  return sha256Parts(fromHex(loaded.ledger.chainId), fromHex(self.networkKey), fromHex(options.bootId), boots);
}
