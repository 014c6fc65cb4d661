import type { Protocol, ProtocolName } from '@varve/consensus';
import { paxos } from '@varve/paxos';
import { raft } from '@varve/raft';
import { tendermint } from '@varve/tendermint';
import { zab } from '@varve/zab';

/** The engines of this program, by the name configurations use. */
const ENGINES: Record<ProtocolName, Protocol<unknown>> = {
  raft: raft as Protocol<unknown>,
  paxos: paxos as Protocol<unknown>,
  zab: zab as Protocol<unknown>,
  tendermint: tendermint as Protocol<unknown>,
};

/** The engine of that name, where this program has one. */
export function engineOf(protocol: ProtocolName): Protocol<unknown> | undefined {
  return ENGINES[protocol];
}
