import type { Configuration, ValidatorMember } from '@varve/consensus';
import type { BlockHash } from '@varve/encoding';
import { ConfigurationModel } from './configuration-model.ts';

/** What a client asks for, in the words of the model. Paths are children of the root. */
export type Request =
  | { readonly kind: 'create'; readonly path: string; readonly value: string }
  | { readonly kind: 'set'; readonly path: string; readonly value: string; readonly version: number | null }
  | { readonly kind: 'delete'; readonly path: string; readonly version: number | null }
  | { readonly kind: 'check'; readonly path: string; readonly version: number | null }
  | { readonly kind: 'define'; readonly asset: string }
  | { readonly kind: 'issue'; readonly asset: string; readonly to: string; readonly amount: number }
  | { readonly kind: 'transfer'; readonly asset: string; readonly to: string; readonly amount: number }
  | { readonly kind: 'ready'; readonly seat: ValidatorMember; readonly proof: ReadyProof }
  | { readonly kind: 'propose'; readonly configuration: Configuration };

/** What a candidate for a seat shows: a block that it has, and its signature. */
export interface ReadyProof {
  readonly height: number;
  readonly blockHash: BlockHash;
  readonly signature: Uint8Array;
}

/** What a transaction did to a path: the new value, or `null` where it is gone. */
export interface PathWrite {
  readonly key: string;
  readonly value: string | null;
}

interface ModelNode {
  readonly value: string;
  readonly version: number;
}

/**
 * What the modules must do, told a second time and plainly: maps that are copied for each transaction. The simulator
 * replays the chain through it and compares every outcome.
 */
export class Model {
  #nodes: ReadonlyMap<string, ModelNode> = new Map();
  #assets: ReadonlySet<string> = new Set();
  #balances: ReadonlyMap<string, number> = new Map();
  #supply = 0;
  readonly configurations: ConfigurationModel;

  /** @param first - Configuration 0. */
  constructor(first: Configuration) {
    this.configurations = new ConfigurationModel(first);
  }

  /**
   * The code of the outcome, and what changed; a transaction that fails changes nothing.
   * @param height - Of its block.
   */
  apply(
    account: string,
    requests: readonly Request[],
    height: number,
  ): { readonly code: string; readonly writes: readonly PathWrite[] } {
    const nodes = new Map(this.#nodes);
    const assets = new Set(this.#assets);
    const balances = new Map(this.#balances);
    let supply = this.#supply;
    const changed = new Set<string>();
    const demand = (path: string, version: number | null): string | undefined => {
      const node = nodes.get(path);
      if (node === undefined) return 'NODE_MISSING';
      return version !== null && version !== node.version ? 'VERSION_MISMATCH' : undefined;
    };
    const one = (request: Request): string | undefined => {
      switch (request.kind) {
        case 'create':
          if (nodes.has(request.path)) return 'NODE_EXISTS';
          nodes.set(request.path, { value: request.value, version: 0 });
          changed.add(request.path);
          return undefined;
        case 'set': {
          const code = demand(request.path, request.version);
          if (code) return code;
          nodes.set(request.path, { value: request.value, version: (nodes.get(request.path)?.version ?? 0) + 1 });
          changed.add(request.path);
          return undefined;
        }
        case 'delete': {
          const code = demand(request.path, request.version);
          if (code) return code;
          nodes.delete(request.path);
          changed.add(request.path);
          return undefined;
        }
        case 'check':
          return demand(request.path, request.version);
        // Alone in their transactions.
        case 'ready':
          return this.configurations.ready(request.seat);
        case 'propose':
          return this.configurations.propose(request.configuration, height);
        case 'define':
          if (assets.has(request.asset)) return 'ASSET_EXISTS';
          assets.add(request.asset);
          return undefined;
        case 'issue':
          if (!assets.has(request.asset)) return 'ASSET_UNKNOWN';
          supply += request.amount;
          balances.set(request.to, (balances.get(request.to) ?? 0) + request.amount);
          return undefined;
        case 'transfer': {
          if (!assets.has(request.asset)) return 'ASSET_UNKNOWN';
          const held = balances.get(account) ?? 0;
          if (held < request.amount) return 'FUNDS_INSUFFICIENT';
          balances.set(account, held - request.amount);
          balances.set(request.to, (balances.get(request.to) ?? 0) + request.amount);
          return undefined;
        }
      }
    };
    for (const request of requests) {
      const code = one(request);
      if (code) return { code, writes: [] };
    }
    this.#nodes = nodes;
    this.#assets = assets;
    this.#balances = balances;
    this.#supply = supply;
    return { code: 'OK', writes: [...changed].map((key) => ({ key, value: nodes.get(key)?.value ?? null })) };
  }

  /** What every account holds; together always the supply. */
  get balances(): ReadonlyMap<string, number> {
    return this.#balances;
  }

  get supply(): number {
    return this.#supply;
  }

  version(path: string): number | undefined {
    return this.#nodes.get(path)?.version;
  }
}
