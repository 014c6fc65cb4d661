import type { ValidatorMember } from '@varve/consensus';
import { anchorOf } from '@varve/ledger';
import { EngineHost, type EngineSurroundings } from './engine-host.ts';
import type { LoadedStore } from './loader.ts';
import type { ValidatorOptions } from './options.ts';

/** Creates the engine of the present configuration from what the store held when this run began. */
export function startEngine(parts: {
  readonly loaded: LoadedStore;
  readonly self: ValidatorMember;
  readonly options: ValidatorOptions;
  readonly seed: Uint8Array;
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
      seed: parts.seed,
      // The members agree on who begins, so that a new chain needs no election time-out.
      ...(isFresh && first && { first: first.name }),
      timing: options.timing,
      window: options.window,
    },
    parts.surroundings,
    parts.now,
  );
}
