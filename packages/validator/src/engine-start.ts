import type { Protocol, ValidatorMember } from '@varve/consensus';
import { sha256Parts } from '@varve/crypto';
import { fromHex, type NodeId, type PublicKeyHex } from '@varve/encoding';
import { anchorOf } from '@varve/ledger';
import type { Ledger } from '@varve/ledger/chain';
import { EngineHost, type EngineSurroundings } from './engine-host.ts';
import type { ValidatorOptions } from './options.ts';
import type { StoredInstance } from './stored-instance.ts';

/** Creates the engine of the present configuration from what the store held when this run began. */
export function startEngine(parts: {
  readonly ledger: Ledger;
  readonly instance: StoredInstance;
  /** How often the store was started. */
  readonly boots: number;
  readonly protocol: Protocol<unknown>;
  readonly self: ValidatorMember;
  readonly options: ValidatorOptions;
  readonly surroundings: EngineSurroundings;
  readonly isConnected: (networkKey: PublicKeyHex) => boolean;
  /** Whether there is evidence against the holder of a signing key. */
  readonly isAccused: (signingKey: PublicKeyHex) => boolean;
  readonly now: number;
}): EngineHost {
  const { ledger, instance, options, self } = parts;
  const { engineState } = instance;
  const engine = new EngineHost(
    parts.protocol,
    ledger.configuration,
    {
      ...(engineState.hardState && { hardState: engineState.hardState }),
      anchor: engineState.anchor,
      log: instance.log,
      ledger: anchorOf(ledger.tip),
      applied: ledger.applied,
    },
    instance.vouched,
    {
      self: self.name,
      instance: instance.id,
      seed: seedOf(parts),
      ...designatedFirst(ledger, instance),
      timing: options.timing,
      window: options.window,
    },
    parts.surroundings,
    parts.now,
  );
  // It hears of links and of evidence as they come, and so not of what was before it began.
  for (const { name, networkKey, signingKey } of ledger.configuration.validators) {
    if (name !== self.name && !parts.isConnected(networkKey))
      engine.step({ kind: 'link', peer: name, up: false }, parts.now);
    if (parts.isAccused(signingKey)) engine.step({ kind: 'equivocated', voter: name }, parts.now);
  }
  return engine;
}

/**
 * The members agree on who begins, so that a new instance needs no election time-out: whoever ordered the last block of
 * the configuration before, if it stays.
 */
function designatedFirst(ledger: Ledger, { engineState }: StoredInstance): { readonly first?: NodeId } {
  const { header } = ledger.tip;
  if (header.height !== engineState.anchor.height || engineState.hardState !== undefined) return {};
  const { validators } = ledger.configuration;
  const first = validators.find((member) => member.name === header.epoch.node) ?? validators[0];
  return first ? { first: first.name } : {};
}

/** H(chain, node, boot, instance): no two nodes and no two starts draw the same timeouts. */
function seedOf({ ledger, instance, boots, self, options }: Parameters<typeof startEngine>[0]): Uint8Array {
  const count = new Uint8Array(4);
  new DataView(count.buffer).setUint32(0, boots);
  const ids = [ledger.chainId, self.networkKey, options.bootId].map((id) => fromHex(id));
  return sha256Parts(...ids, count, fromHex(instance.id));
}
