import type { Protocol, ProtocolName } from '@varve/consensus';
import { paxos } from '@varve/paxos';
import { raft } from '@varve/raft';
import { tendermint } from '@varve/tendermint';
import { zab } from '@varve/zab';

/** Engines that can be simulated, by the name configurations use. */
const PROTOCOLS: Partial<Record<ProtocolName, Protocol<unknown>>> = {
  raft: raft as Protocol<unknown>,
  paxos: paxos as Protocol<unknown>,
  zab: zab as Protocol<unknown>,
  tendermint: tendermint as Protocol<unknown>,
};

/** Names of the protocols that can be simulated. */
export const SIMULATED_PROTOCOLS: readonly ProtocolName[] = Object.keys(PROTOCOLS) as ProtocolName[];

/** The engine of that name, where there is one. */
export function simulatedProtocol(name: string): Protocol<unknown> | undefined {
  return PROTOCOLS[name as ProtocolName];
}
