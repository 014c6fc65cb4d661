import { type Mutant, planting } from './mutant.ts';
import { SMALL_BATCHES } from './zab-mutants.ts';

const paxos = planting('packages/paxos/src', 'paxos');

/** Bugs of the Multi-Paxos engine. */
export const PAXOS_MUTANTS: readonly Mutant[] = [
  paxos(
    'paxos-promise-before-durable',
    'prepare.ts',
    'a promise leaves before it is durable (trap 2)',
    "  sendDurably(state, to, { kind: 'promise', ballot, acceptedRound, lastIndex, decided, prevIndex, entries, voter });",
    "  send(state, to, { kind: 'promise', ballot, acceptedRound, lastIndex, decided, prevIndex, entries, voter });",
  ),
  paxos(
    'paxos-promise-not-stored',
    'codec.ts',
    'a promise is remembered in memory only (trap 2)',
    '  return encodeCbor([1, encodeBallot(state.promised), encodeBallot(state.acceptedRound)]);',
    '  return encodeCbor([1, encodeBallot(state.acceptedRound), encodeBallot(state.acceptedRound)]);',
  ),
  paxos(
    'paxos-round-not-stored',
    'codec.ts',
    'the accepted round is remembered in memory only',
    '  return encodeCbor([1, encodeBallot(state.promised), encodeBallot(state.acceptedRound)]);',
    '  return encodeCbor([1, encodeBallot(state.promised), null]);',
  ),
  paxos(
    'paxos-ballot-used-again',
    'prepare.ts',
    'a node takes over with the ballot that it led before (trap 31)',
    '  state.promised = nextBallot(voters, self, Math.max(promised.number, rounds.highest));',
    '  state.promised = promised.node === self ? promised : nextBallot(voters, self, Math.max(promised.number, rounds.highest));',
  ),
  paxos(
    'paxos-lower-ballot-accepted',
    'step.ts',
    'a ballot below the promised one is accepted',
    '  if (message.ballot.node !== from || from === state.self || order < 0) return;',
    '  if (message.ballot.node !== from || from === state.self) return;',
    [
      {
        file: 'packages/paxos/src/follower.ts',
        find: "  const { promised: ballot, self: voter, log } = state;\n  if (ballot.node !== '')",
        replace: "  const { acceptedRound: ballot, self: voter, log } = state;\n  if (ballot.node !== '')",
      },
      {
        file: 'packages/paxos/src/state.ts',
        find: '  return compareEpochs(state.acceptedRound, state.promised) === 0;',
        replace: '  return compareEpochs(state.acceptedRound, state.promised) <= 0 && state.acceptedRound.number > 0;',
      },
    ],
  ),
  paxos(
    'paxos-lower-ballot-promised',
    'prepare.ts',
    'a ballot below the promised one is promised',
    '  if (order < 0) return;\n  if (order > 0) adoptBallot(state, message.ballot);',
    '  if (order !== 0) adoptBallot(state, message.ballot);',
  ),
  paxos(
    'paxos-own-log-adopted',
    'prepare.ts',
    'a leader adopts its own log, whatever was promised (trap 29)',
    '  for (const [id, claim] of promises) if (id !== self && compareClaims(claim, best) > 0) best = { id, ...claim };',
    '  if (compareClaims(best, best) > 0) best = { ...best, id: self };',
  ),
  paxos(
    'paxos-longest-log-adopted',
    'prepare.ts',
    'the longest log is adopted, not that of the highest round (trap 29)',
    '  return compareEpochs(a.acceptedRound, b.acceptedRound) || a.lastIndex - b.lastIndex;',
    '  return a.lastIndex - b.lastIndex || compareEpochs(a.acceptedRound, b.acceptedRound);',
  ),
  paxos(
    'paxos-highest-round-any-length',
    'prepare.ts',
    'a log of the highest round is adopted, however short (trap 29)',
    '  return compareEpochs(a.acceptedRound, b.acceptedRound) || a.lastIndex - b.lastIndex;',
    '  return compareEpochs(a.acceptedRound, b.acceptedRound) || 0 * (a.lastIndex - b.lastIndex);',
  ),
  paxos(
    'paxos-prepare-without-quorum',
    'prepare.ts',
    'half of the voters are enough to begin a ballot',
    '  if (promises.size < state.quorum || !promises.has(state.self)) return;',
    '  if (promises.size < state.quorum - 1 || !promises.has(state.self)) return;',
  ),
  paxos(
    'paxos-decides-without-quorum',
    'replication.ts',
    'half of the voters decide',
    '  commitTo(state, matches[state.quorum - 1] ?? 0);',
    '  commitTo(state, matches[state.quorum - 2] ?? 0);',
  ),
  paxos(
    'paxos-leader-counts-itself',
    'replication.ts',
    'a leader counts itself before its own disk does (trap 8)',
    "  sendDurably(state, self, { kind: 'accepted', ballot, lastIndex: log.lastIndex, voter: self });",
    '  const own = state.leadership?.progress.get(self);\n  if (own) own.match = log.lastIndex;',
  ),
  paxos(
    'paxos-accepted-before-durable',
    'follower.ts',
    'an acceptance leaves before it is durable (trap 6)',
    "    sendDurably(state, ballot.node, { kind: 'accepted', ballot, lastIndex: log.lastIndex, voter });",
    "    send(state, ballot.node, { kind: 'accepted', ballot, lastIndex: log.lastIndex, voter });",
  ),
  paxos(
    'paxos-sync-from-longest',
    'replication.ts',
    'a session opens at the end of the follower, whoever wrote what is there (trap 30)',
    '  const point = isAdopted ? Math.min(claim.lastIndex, leadership.adoptedIndex) : claim.decided;',
    '  const point = isAdopted ? claim.lastIndex : Math.min(claim.lastIndex, log.lastIndex);',
    [
      {
        file: 'packages/paxos/src/follower.ts',
        find: '  return epoch !== undefined && compareEpochs(epoch, prevEpoch) === 0;',
        replace: '  return epoch !== undefined && compareEpochs(epoch, prevEpoch) < 2;',
      },
    ],
  ),
  paxos(
    'paxos-suffix-kept',
    'log.ts',
    'what the leader does not have stays behind what it has',
    '  if (from <= state.log.lastIndex) truncateLog(state, from);\n  appendToLog(state, entries.slice(known));\n  return true;',
    '  if (from <= state.log.lastIndex && known < entries.length) truncateLog(state, from);\n  appendToLog(state, entries.slice(known));\n  return true;',
  ),
  paxos(
    'paxos-half-a-sync-accepted',
    'follower.ts',
    'a part of a log is accepted as the whole',
    '  if (last < syncIndex) return;\n  state.partial = undefined;',
    '  state.partial = undefined;',
    SMALL_BATCHES,
  ),
  paxos(
    'paxos-gap-accepted',
    'follower.ts',
    'entries are accepted although one before them is missing (trap 58)',
    '  appendToLog(state, fresh);\n  accept(state);\n  commitTo(state, Math.min(decided, log.lastIndex));\n}\n\nfunction accept(state: PaxosState): void {\n  const { promised: ballot, self: voter, log } = state;',
    '  appendToLog(state, fresh);\n  accept(state, prevIndex + entries.length);\n  commitTo(state, Math.min(decided, log.lastIndex));\n}\n\nfunction accept(state: PaxosState, most = 0): void {\n  const { promised: ballot, self: voter } = state;\n  const log = { lastIndex: Math.max(most, state.log.lastIndex) };',
    [
      {
        file: 'packages/paxos/src/follower.ts',
        find: '  if (fresh.length > 0 && (!atEnd || compareEpochs(atEnd, log.lastEpoch) !== 0)) return askForSession(state);',
        replace:
          '  if (fresh.length > 0 && (!atEnd || compareEpochs(atEnd, log.lastEpoch) !== 0)) return accept(state, prevIndex + entries.length);',
      },
    ],
  ),
  paxos(
    'paxos-decided-beyond-accepted',
    'follower.ts',
    'a follower decides whatever it has accepted',
    '  commitTo(state, Math.min(message.decided, lastIndex));',
    '  commitTo(state, Math.max(message.decided, lastIndex));',
  ),
  paxos(
    'paxos-decides-another-log',
    'follower.ts',
    'a follower decides what is in its log, whoever wrote it',
    '  if (!isInSession(state) || message.sentIndex > lastIndex) return askForSession(state);',
    '  if (message.sentIndex > lastIndex) return askForSession(state);',
    [
      {
        file: 'packages/paxos/src/replication.ts',
        find: "    if (peer.mode !== 'unpromised') sendDecide(state, peer, context);",
        replace: '    sendDecide(state, peer, context);',
      },
    ],
  ),
  paxos(
    'paxos-stale-read',
    'read.ts',
    'a leader answers reads without asking whether it still leads (trap 19)',
    '  return confirmed;',
    '  return state.quorum + 0 * confirmed;',
  ),
  paxos(
    'paxos-read-before-decided',
    'read.ts',
    'reads are answered before what was adopted is decided (trap 19)',
    '  ...view,',
    "  ...view,\n  isOpen: ({ leadership }) => leadership?.phase === 'accept',",
  ),
  paxos(
    'paxos-confirm-of-any-round',
    'replication.ts',
    'an answer to an older round confirms a read (trap 19)',
    '  peer.round = Math.max(peer.round, message.context);',
    '  peer.round = Math.max(peer.round, state.reads.round);',
  ),
  paxos(
    'paxos-window-never-reopens',
    'replication.ts',
    'what was accepted counts as on its way for ever (traps 15, 16)',
    '  freeInFlight(peer, peer.match);\n',
    '',
  ),
  paxos(
    'paxos-lost-accepts-not-asked-for',
    'follower.ts',
    'what was lost on the way is never asked for',
    '  if (!isInSession(state) || message.sentIndex > lastIndex) return askForSession(state);',
    '  if (!isInSession(state)) return askForSession(state);',
    [
      {
        file: 'packages/paxos/src/follower.ts',
        find: '  if (fresh.length > 0 && (!atEnd || compareEpochs(atEnd, log.lastEpoch) !== 0)) return askForSession(state);',
        replace: '  if (fresh.length > 0 && (!atEnd || compareEpochs(atEnd, log.lastEpoch) !== 0)) return;',
      },
    ],
  ),
  paxos(
    'paxos-nobody-takes-over',
    'rounds.ts',
    'nobody takes over from a leader that is gone',
    '  return [...replies.values()].every((reply) => !reply.happy);',
    '  return [...replies.values()].every((reply) => !reply.happy) && state.promised.number === 0;',
  ),
];
