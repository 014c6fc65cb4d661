import { type Edit, type Mutant, planting } from './mutant.ts';

const raft = planting('packages/raft/src', 'raft');
/** What Raft shares with others; found under Raft. */
const shared = planting('packages/consensus/src', 'raft');

/** Appends of one entry each, which is allowed: what must not be done between two entries of a batch then can be. */
const ENTRY_BY_ENTRY: readonly Edit[] = [
  {
    file: 'packages/consensus/src/entry-log.ts',
    find: 'export const BATCH_ENTRIES_MAX = 256;',
    replace: 'export const BATCH_ENTRIES_MAX = 1;',
  },
];

/** Probes without entries, as many implementations send them: a stale suffix outlives the answer. */
const EMPTY_PROBES: readonly Edit[] = [
  {
    file: 'packages/raft/src/replication.ts',
    find: '    if (!sendAppend(state, peer, true)) return;',
    replace: "    if (!sendAppend(state, peer, peer.mode !== 'probe')) return;",
  },
];

/** Bugs of the Raft engine. */
export const RAFT_MUTANTS: readonly Mutant[] = [
  raft(
    'vote-before-durable',
    'election.ts',
    'a vote leaves before it is durable (trap 2)',
    "  if (granted) restartElectionTimer(state);\n  sendDurably(state, from, { kind: 'voteResponse', term: state.term, granted, voter: state.self });",
    "  if (granted) restartElectionTimer(state);\n  send(state, from, { kind: 'voteResponse', term: state.term, granted, voter: state.self });",
  ),
  raft(
    'vote-not-stored',
    'codec.ts',
    'a vote is remembered in memory only (trap 2)',
    'return encodeCbor([1, state.term, state.votedFor ?? null]);',
    'return encodeCbor([1, state.term, null]);',
  ),
  raft(
    'vote-twice',
    'election.ts',
    'a voter votes for whoever asks',
    'const granted = (state.votedFor === from || isFree) && isUpToDate(state, message);',
    'const granted = (state.votedFor === from || isFree || state.leader === undefined) && isUpToDate(state, message);',
  ),
  raft(
    'vote-for-short-log',
    'election.ts',
    'a voter does not compare logs (Raft §5.4.1)',
    'return candidate.lastTerm !== lastTerm ? candidate.lastTerm > lastTerm : candidate.lastIndex >= lastIndex;',
    'return candidate.lastTerm >= 0 || lastTerm === lastIndex;',
  ),
  raft(
    'append-before-durable',
    'follower.ts',
    'a follower acknowledges what is not durable (trap 6)',
    "sendDurably(state, from, { kind: 'appendAccepted', term: state.term, matchIndex, voter: state.self });",
    "state.out.send.push({ from: state.self, to: from, message: { kind: 'appendAccepted', term: state.term, matchIndex, voter: state.self } });",
  ),
  raft(
    'leader-counts-itself',
    'replication.ts',
    'a leader counts itself before its own disk does (trap 8)',
    "  sendDurably(state, state.self, { kind: 'appendAccepted', term: state.term, matchIndex: index, voter: state.self });\n}",
    '  const own = state.leadership?.progress.get(state.self);\n  if (own) own.matchIndex = index;\n}',
  ),
  raft(
    'older-term-committed',
    'replication.ts',
    'an entry of an older term is committed by counting (trap 1, figure 8)',
    'if (index <= state.commitIndex || state.log.termAt(index) !== state.term) return;',
    'if (index <= state.commitIndex) return;',
    ENTRY_BY_ENTRY,
  ),
  raft(
    'no-log-match',
    'follower.ts',
    'entries are appended without comparing what comes before them',
    'if (state.log.termAt(prevIndex) !== prevTerm) return reject(state, from, message);',
    'if (state.log.lastIndex < prevIndex) return reject(state, from, message);',
  ),
  raft(
    'conflict-kept',
    'follower.ts',
    'a conflicting suffix is not replaced',
    'const known = entries.findIndex((entry) => state.log.termAt(entry.index) !== entry.epoch.number);',
    'const known = entries.findIndex((entry) => state.log.termAt(entry.index) === undefined);',
  ),
  raft(
    'truncates-always',
    'follower.ts',
    'an old short append cuts the log off (trap 13)',
    'const fresh = known < 0 ? [] : entries.slice(known);',
    'const fresh = entries.slice(Math.max(0, state.commitIndex - prevIndex, known > 0 ? 0 : 0));',
  ),
  raft(
    'commit-beyond-append',
    'follower.ts',
    'a follower commits what the append did not cover',
    'commitTo(state, Math.min(message.commit, last));',
    'commitTo(state, Math.min(message.commit, state.log.lastIndex));',
    EMPTY_PROBES,
  ),
  raft(
    'heartbeat-commits-all',
    'replication.ts',
    'a heartbeat tells followers to commit what they are not known to hold',
    'const commit = Math.min(peer.matchIndex, state.commitIndex);',
    'const commit = state.commitIndex;',
  ),
  shared(
    'quorum-of-half',
    'replica.ts',
    'half of the voters are a quorum',
    "quorum: quorumSize(voters.length, 'crash'),",
    'quorum: Math.max(1, Math.floor(voters.length / 2)),',
  ),
  raft(
    'acknowledgement-beyond-log',
    'follower.ts',
    'a follower acknowledges its whole log, whoever wrote it (trap 12)',
    '  accept(state, from, last);',
    '  accept(state, from, state.log.lastIndex);',
    EMPTY_PROBES,
  ),
  raft(
    'stale-read',
    'read.ts',
    'a leader answers reads without asking whether it still leads (trap 19)',
    '  return confirmed;',
    '  return state.quorum;',
  ),
  raft(
    'read-before-no-op',
    'read.ts',
    'a new leader answers reads before its own no-op is committed (trap 19)',
    '  ...view,',
    '  ...view,\n  isOpen: ({ leadership }) => leadership !== undefined,',
  ),
  shared(
    'window-never-reopens',
    'window.ts',
    'what was acknowledged counts as on its way for ever (traps 15, 16)',
    'freeInFlight(progress, progress.matchIndex);',
    'freeInFlight(progress, 0);',
  ),
  raft(
    'probe-stays-paused',
    'replication.ts',
    'a lost probe is never repeated',
    '  peer.active = true;\n  peer.paused = false;',
    '  peer.active = true;',
  ),
  shared(
    'synced-keeps-conflict',
    'replicated-log.ts',
    'block sync leaves a log that contradicts it',
    '  if (log.holds(anchor)) {',
    '  if (log.entryAt(anchor.index)) {',
  ),
  shared(
    'synced-drops-suffix',
    'replicated-log.ts',
    'block sync drops acknowledged entries behind its anchor',
    '  if (log.holds(anchor)) {',
    '  if (log.holds(anchor) && anchor.index === log.lastIndex) {',
  ),
  raft(
    'term-not-stored',
    'role.ts',
    'a later term is remembered in memory only (trap 2)',
    '  state.out.hardState = true;',
    '  state.out.hardState = votedFor !== undefined;',
  ),
];
