import type { Protocol, ProtocolName } from '@varve/consensus';
import { paxos } from '@varve/paxos';
import { raft } from '@varve/raft';
import { tendermint } from '@varve/tendermint';
import { zab } from '@varve/zab';

/** The engines, by the name configurations use. */
const PROTOCOLS: Record<ProtocolName, Protocol<unknown>> = {
  raft: raft as Protocol<unknown>,
  paxos: paxos as Protocol<unknown>,
  zab: zab as Protocol<unknown>,
  tendermint: tendermint as Protocol<unknown>,
};

/** The engine of that name. */
export function simulatedProtocol(name: ProtocolName): Protocol<unknown> {
  return PROTOCOLS[name];
}
