import { isWriteStalled, type Status } from '@varve/consensus';
import type { NodeId } from '@varve/encoding';
import { isStarted, timeoutMs } from './activity.ts';
import { buildObstacle, isProposer } from './build.ts';
import { epochOf } from './proposer.ts';
import type { TendermintState } from './state.ts';

/** What an operator sees; times are as of the last step. The leader is the proposer of the present round. */
export function statusOf(state: TendermintState): Status {
  const { voters, height, log, own } = state;
  const epoch = epochOf(voters, height.height, height.round);
  const waiting = waitingOf(state);
  return {
    role: roleOf(state),
    epoch,
    ...(epoch.node === '' ? {} : { leader: epoch.node }),
    lastIndex: log.lastIndex,
    committed: log.lastIndex,
    applied: state.applied,
    anchor: log.anchor.index,
    inFlight: { payloads: own ? 1 : 0, bytes: own?.bytes.length ?? 0 },
    peers: [...state.peers].map(([id, { height: its, heardAt }]) => ({ id, match: Math.max(0, its - 1), heardAt })),
    ...(waiting ? { waiting } : {}),
  };
}

function roleOf(state: TendermintState): Status['role'] {
  if (state.draining) return 'draining';
  if (state.syncing) return 'syncing';
  return isProposer(state) ? 'leader' : 'follower';
}

function waitingOf(state: TendermintState): { readonly code: string; readonly nodes: readonly NodeId[] } | undefined {
  const { height, self, now, options, voters } = state;
  if (isWriteStalled(state, options.timing.electionMs)) return { code: 'DISK_STALLED', nodes: [self] };
  if (state.syncing) return { code: 'SYNCING', nodes: [] };
  if (!isStarted(state)) return undefined;
  if (state.pending && buildObstacle(state) === 'EXECUTION_BEHIND') return { code: 'EXECUTION_BEHIND', nodes: [self] };
  if (now - height.roundSince < timeoutMs(state, height.round)) return undefined;
  if (height.step === 'propose')
    return { code: 'PROPOSER_SILENT', nodes: [epochOf(voters, height.height, height.round).node].filter(isNode) };
  const voted = new Set(height.votes.firstVotes(height.step, height.round).map(({ voter }) => voter));
  return voted.size < state.quorum
    ? { code: 'NO_QUORUM', nodes: voters.filter((voter) => !voted.has(voter)) }
    : { code: 'ROUND_CHANGE', nodes: [] };
}

function isNode(name: NodeId | ''): name is NodeId {
  return name !== '';
}
