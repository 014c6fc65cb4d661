import { type Edit, type Mutant, planting } from './mutant.ts';

const zab = planting('packages/zab/src', 'zab');

/** Messages of a few entries each, which is allowed: histories then come in parts. */
export const SMALL_BATCHES: readonly Edit[] = [
  {
    file: 'packages/consensus/src/entry-log.ts',
    find: 'export const BATCH_ENTRIES_MAX = 256;',
    replace: 'export const BATCH_ENTRIES_MAX = 4;',
  },
];

/** Bugs of the ZAB engine. */
export const ZAB_MUTANTS: readonly Mutant[] = [
  zab(
    'zab-ack-epoch-before-durable',
    'discovery.ts',
    'ACKEPOCH leaves before acceptedEpoch is durable (trap 2)',
    "  sendDurably(state, leader, { kind: 'ackEpoch', epoch, ...credentialsOf(state), voter: state.self });",
    "  state.out.send.push({ from: state.self, to: leader, message: { kind: 'ackEpoch', epoch, ...credentialsOf(state), voter: state.self } });",
  ),
  zab(
    'zab-accepted-epoch-not-stored',
    'codec.ts',
    'acceptedEpoch is remembered in memory only (trap 2)',
    '  return encodeCbor([1, ...epochItems(acceptedEpoch), currentEpoch]);',
    '  const number = Math.min(acceptedEpoch.number, currentEpoch);\n  return encodeCbor([1, ...epochItems({ number, node: number === 0 ? "" : acceptedEpoch.node }), currentEpoch]);',
  ),
  zab(
    'zab-current-epoch-not-stored',
    'state.ts',
    'currentEpoch is remembered in memory only',
    '  if (epoch === state.currentEpoch) return;\n  state.currentEpoch = epoch;\n  state.out.hardState = true;',
    '  state.currentEpoch = epoch;',
  ),
  zab(
    'zab-epoch-taken-twice',
    'leader.ts',
    'a leader takes the epoch after its own, and followers accept one that was taken before',
    '  for (const { info } of leadership.learners.values()) highest = Math.max(highest, info?.number ?? 0);',
    '  highest = state.acceptedEpoch.number;',
    [
      {
        file: 'packages/zab/src/discovery.ts',
        find: '    if (epoch <= acceptedEpoch.number) return acceptedEpoch.node === leader ? undefined : look(state);',
        replace:
          '    if (epoch < acceptedEpoch.number) return acceptedEpoch.node === leader ? undefined : look(state);',
      },
      {
        file: 'packages/zab/src/state.ts',
        find: "  assert(epoch.number > state.acceptedEpoch.number, 'acceptedEpoch rises');",
        replace: "  assert(epoch.number >= state.acceptedEpoch.number, 'acceptedEpoch rises');",
      },
    ],
  ),
  zab(
    'zab-best-history-ignored',
    'leader.ts',
    'a leader goes on although a follower has a better history',
    '  if (isDiscovery && compareCredentials(message, credentialsOf(state)) > 0) return look(state);',
    '  if (isDiscovery && compareCredentials(message, credentialsOf(state)) > 0) learner.target = undefined;',
  ),
  zab(
    'zab-votes-by-zxid-only',
    'zxid.ts',
    'histories are compared without currentEpoch',
    '  if (a.currentEpoch !== b.currentEpoch) return a.currentEpoch - b.currentEpoch;\n',
    '',
  ),
  zab(
    'zab-quorum-of-half',
    'leader.ts',
    'a leader is established by half of the voters',
    '    if (howMany(leadership, ({ acked }) => acked) >= state.quorum) establish(state, leadership);',
    '    if (howMany(leadership, ({ acked }) => acked) >= state.quorum - 1) establish(state, leadership);',
  ),
  zab(
    'zab-commit-without-quorum',
    'replication.ts',
    'half of the voters commit',
    '  const index = matches[state.quorum - 1] ?? 0;',
    '  const index = matches[state.quorum - 2] ?? 0;',
  ),
  zab(
    'zab-counts-unsynchronized',
    'replication.ts',
    'acknowledgements count before NEWLEADER is acknowledged',
    '({ acked, progress }) => (acked ? progress.matchIndex : 0)',
    '({ progress }) => progress.matchIndex',
  ),
  zab(
    'zab-leader-counts-itself',
    'replication.ts',
    'a leader counts itself before its own disk does (trap 8)',
    "  sendDurably(state, state.self, { kind: 'ack', epoch, counter: index, voter: state.self });",
    '  const own = leadership.learners.get(state.self);\n  if (own) own.progress.matchIndex = index;',
  ),
  zab(
    'zab-ack-before-durable',
    'follower.ts',
    'a proposal is acknowledged before it is durable (trap 6)',
    "  sendDurably(state, following.leader, { kind: 'ack', epoch: acceptedEpoch.number, counter, voter: self });",
    "  state.out.send.push({ from: self, to: following.leader, message: { kind: 'ack', epoch: acceptedEpoch.number, counter, voter: self } });",
  ),
  zab(
    'zab-new-leader-before-history',
    'follower.ts',
    'NEWLEADER is sent with the first part of the history, and acknowledged at once (trap 33)',
    '  if (following.matched < zxid.counter || state.log.epochAt(zxid.counter)?.number !== zxid.epoch) return;\n  enterEpoch(state, epoch);\n  acknowledgeLeader(state, following, epoch);',
    '  enterEpoch(state, epoch);\n  acknowledgeLeader(state, { ...following, matched: zxid.counter }, epoch);',
    [
      ...SMALL_BATCHES,
      {
        file: 'packages/zab/src/replication.ts',
        find: '  if (sendBatch(state, leadership, learner, learner.target, true) === learner.target) {',
        replace: '  if (sendBatch(state, leadership, learner, learner.target, true) !== undefined) {',
      },
    ],
  ),
  zab(
    'zab-new-leader-before-durable',
    'follower.ts',
    'NEWLEADER is acknowledged before history and currentEpoch are durable (traps 33, 34)',
    "  sendDurably(state, leader, { kind: 'ackLeader', epoch, counter: matched, voter: state.self });",
    "  state.out.send.push({ from: state.self, to: leader, message: { kind: 'ackLeader', epoch, counter: matched, voter: state.self } });",
  ),
  zab(
    'zab-current-epoch-first',
    'follower.ts',
    'currentEpoch is stored with the first part of the history (trap 34)',
    '  appendToLog(state, fresh);',
    '  appendToLog(state, fresh);\n  enterEpoch(state, message.epoch);',
    SMALL_BATCHES,
  ),
  zab(
    'zab-truncation-omitted',
    'follower.ts',
    'what the leader does not have stays: no TRUNC',
    '  const known = entries.findIndex((entry) => log.epochAt(entry.index)?.number !== entry.epoch.number);',
    '  const known = entries.findIndex((entry) => log.epochAt(entry.index) === undefined);',
    [
      {
        file: 'packages/zab/src/follower.ts',
        find: '  if (keep < log.lastIndex) truncateLog(state, keep + 1);',
        replace: '  if (keep < log.lastIndex && fresh.length > 0) truncateLog(state, keep + 1);',
      },
    ],
  ),
  zab(
    'zab-sync-from-longest',
    'replication.ts',
    'a DIFF starts at the end of the follower, whoever wrote what is there (trap 37)',
    '  const common = state.log.findAtOrBelow(counter, epoch);',
    '  const common = Math.min(counter, state.log.lastIndex) + 0 * epoch;',
    [
      {
        file: 'packages/zab/src/follower.ts',
        find: '  if (log.epochAt(prev.counter)?.number !== prev.epoch) return sendGap(state, following, message);',
        replace: '  if (log.epochAt(prev.counter) === undefined) return sendGap(state, following, message);',
      },
    ],
  ),
  zab(
    'zab-hole-served',
    'follower.ts',
    'a proposal is acknowledged although one before it is missing (trap 37)',
    '  if (log.epochAt(prev.counter)?.number !== prev.epoch) return sendGap(state, following, message);',
    '  if (log.epochAt(prev.counter)?.number !== prev.epoch) {\n    const counter = prev.counter + entries.length;\n    return sendDurably(state, following.leader, { kind: "ack", epoch: message.epoch, counter, voter: state.self });\n  }',
  ),
  zab(
    'zab-older-epoch-taken',
    'step.ts',
    'what the leader said in an earlier epoch is taken',
    '  if (message.epoch !== acceptedEpoch.number || acceptedEpoch.node !== following.leader) return;',
    '  if (acceptedEpoch.node !== following.leader) return;',
  ),
  zab(
    'zab-commit-beyond-matched',
    'follower.ts',
    'a follower commits what may be of another leader (trap 36)',
    '  commitTo(state, Math.min(counter, following.matched));',
    '  commitTo(state, Math.min(counter, state.log.lastIndex));',
    [
      {
        file: 'packages/zab/src/replication.ts',
        find: '    const counter = Math.min(progress.matchIndex, state.commitIndex);\n    progress.commitTold = Math.max',
        replace: '    const counter = state.commitIndex;\n    progress.commitTold = Math.max',
      },
    ],
  ),
  zab(
    'zab-commits-all',
    'follower.ts',
    'a follower commits whatever it was proposed',
    '  commitTo(state, Math.min(counter, following.matched));',
    '  commitTo(state, Math.max(counter, following.matched));',
  ),
  zab(
    'zab-established-by-itself',
    'leader.ts',
    'a leader proposes before a quorum has synchronized',
    "  leadership.phase = 'synchronization';",
    "  leadership.phase = 'broadcast';",
  ),
  zab(
    'zab-inherited-not-committed',
    'leader.ts',
    'reads are answered before what was inherited is committed (trap 19)',
    '  commitTo(state, leadership.historyEnd);\n',
    '',
    [
      {
        file: 'packages/zab/src/replication.ts',
        find: '  if (index <= state.commitIndex) return false;',
        replace: '  if (index <= state.commitIndex || index <= leadership.historyEnd) return false;',
      },
    ],
  ),
  zab(
    'zab-stale-read',
    'read.ts',
    'a leader answers reads without asking whether it still leads (trap 19)',
    '  return confirmed;',
    '  return state.quorum + 0 * confirmed;',
  ),
  zab(
    'zab-pong-of-any-round',
    'replication.ts',
    'an answer to an older round of pings confirms a read (trap 19)',
    '  if (message.context <= state.reads.round) progress.round = Math.max(progress.round, message.context);',
    '  progress.round = Math.max(progress.round, state.reads.round);',
  ),
  zab(
    'zab-window-never-reopens',
    'replication.ts',
    'a window whose messages were lost never reopens (traps 15, 16)',
    '  else if (progress.inFlight.length > 0) sendBatch(state, leadership, learner, target, false);\n',
    '',
  ),
  zab(
    'zab-up-to-date-once',
    'follower.ts',
    'a lost UPTODATE is never asked for again',
    '  if (isWaiting) acknowledgeLeader(state, following, message.epoch);',
    '  if (isWaiting && state.now < 0) acknowledgeLeader(state, following, message.epoch);',
  ),
  zab(
    'zab-no-quorum-check',
    'timer.ts',
    'a leader without a quorum leads on, and holds up whoever follows it',
    '    if (isDiskStalled(state) || !isQuorumActive(state, leadership)) return look(state);',
    '    if (isDiskStalled(state)) return look(state);',
  ),
];
