import { EngineCluster, type Invariants, names, optionsOf } from '@varve/consensus/testing';
import { type NodeId, toHex } from '@varve/encoding';
import { decodeHardState } from '../src/hard-state.ts';
import { type TendermintMessage, tendermint } from '../src/index.ts';

export const [A, B, C, D] = names(4) as readonly [NodeId, NodeId, NodeId, NodeId];
export const INSTANCE = optionsOf(A, 0).instance;

/** Nobody signs two different things for one height, round and step, whatever happens to it in between. */
export function signOnce(): Invariants<TendermintMessage> {
  const signed = new Map<string, string>();
  let seen = 0;
  const note = (from: NodeId, message: TendermintMessage) => {
    if (message.kind !== 'proposal' && message.kind !== 'prevote' && message.kind !== 'precommit') return;
    const key = `${from}/${message.kind}/${message.height}/${message.round}`;
    const bytes = toHex(tendermint.signBytes(message, INSTANCE) ?? new Uint8Array());
    const known = signed.get(key);
    if (known !== undefined && known !== bytes) throw new Error(`${key} is signed twice`);
    signed.set(key, bytes);
  };
  return {
    onStep: (_, ensemble) => {
      if (!(ensemble instanceof EngineCluster)) return;
      const { sent } = ensemble;
      if (sent.length < seen) seen = 0;
      for (; seen < sent.length; seen++) {
        const envelope = sent[seen];
        if (envelope) note(envelope.from, envelope.message as TendermintMessage);
      }
    },
  };
}

/** Hard state in words. */
export function describeHardState(bytes: Uint8Array): string {
  const { height, round, said, locked, valid } = decodeHardState(bytes);
  const idOf = (id: string | null | undefined) => (id === null ? 'nil' : id?.slice(0, 4));
  const parts = [
    said.proposal && `proposed ${idOf(said.proposal.id)}`,
    said.prevote !== undefined && `prevoted ${idOf(said.prevote)}`,
    said.precommit !== undefined && `precommitted ${idOf(said.precommit)}`,
    locked && `locked ${idOf(locked.id)} in ${locked.round}`,
    valid && `valid ${idOf(valid.id)} in ${valid.round}`,
  ].filter((part) => part);
  return [`${height}/${round}`, ...parts].join(', ');
}
