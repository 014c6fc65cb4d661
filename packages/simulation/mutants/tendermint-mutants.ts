import { type Mutant, planting } from './mutant.ts';

const inFile = planting('packages', 'tendermint');
const tendermint = planting('packages/tendermint/src', 'tendermint');

/** Bugs of what the algorithm decides by. */
const RULES: readonly Mutant[] = [
  tendermint(
    'precommit-without-polka',
    'rules.ts',
    'a payload is locked and precommitted without a polka (L36)',
    "  if (!votes.hasQuorum('prevote', round, proposal.id)) return undefined;\n",
    '',
  ),
  tendermint(
    'precommit-without-lock',
    'round.ts',
    'a precommitted payload is not locked (L38)',
    '      height.locked = { round: height.round, id: rule.id };\n',
    '',
  ),
  tendermint(
    'lock-opens-for-old-polka',
    'rules.ts',
    'a lock opens for a polka that is older than it (L29)',
    'const isFree = !locked || locked.round <= validRound || locked.id === id;',
    'const isFree = !locked || locked.round >= 0 || validRound >= 0;',
  ),
  tendermint(
    'prevote-ignores-lock',
    'rules.ts',
    'a new payload is prevoted whatever is locked (L23)',
    'id: isValid && (!locked || locked.id === id) ? id : null };\n    }\n    // L28',
    'id: isValid ? id : null };\n    }\n    // L28',
  ),
  tendermint(
    'polka-not-asked-for',
    'rules.ts',
    'a proposal is believed to have had a polka (L28)',
    "if (validRound < round && votes.hasQuorum('prevote', validRound, id)) {",
    'if (validRound < round) {',
  ),
  tendermint(
    'prevotes-decide',
    'votes.ts',
    'a polka and one precommit are a decision (L49)',
    "for (const id of ids) if (this.hasQuorum('precommit', round, id)) found.push",
    "for (const id of ids) if (this.hasQuorum('prevote', round, id)) found.push",
  ),
  inFile(
    'bad-signature-passes',
    'validator/src/signatures.ts',
    'a batch accepts a bad signature',
    'if (verdict !== undefined) this.verdicts.set(hash, verdict);',
    'if (verdict !== undefined) this.verdicts.set(hash, true);',
  ),
  inFile(
    'quorum-of-2f-and-one',
    'consensus/src/quorum.ts',
    '2f + 1 are a quorum, also where n is not 3f + 1 (trap 41)',
    "return Math.floor(faultModel === 'crash' ? n / 2 : (2 * n) / 3) + 1;",
    "return (faultModel === 'crash' ? Math.floor(n / 2) : 2 * Math.floor((n - 1) / 3)) + 1;",
  ),
  inFile(
    'quorum-rounded-down',
    'consensus/src/quorum.ts',
    'two thirds, rounded down, are a quorum (trap 41)',
    "return Math.floor(faultModel === 'crash' ? n / 2 : (2 * n) / 3) + 1;",
    "return faultModel === 'crash' ? Math.floor(n / 2) + 1 : Math.max(1, Math.floor((2 * n) / 3));",
  ),
  tendermint(
    'follows-too-few',
    'state.ts',
    'f voters are followed into a later round (L55)',
    'skip: Math.floor(voters.length / 3) + 1,',
    'skip: Math.max(1, Math.floor((voters.length - 1) / 3)),',
  ),
];

/** Bugs of what is taken from others. */
const HEARING: readonly Mutant[] = [
  tendermint(
    'vote-counted-again',
    'votes.ts',
    'a vote that is said again counts again (trap 56)',
    '    if (!first) votes.set(vote.voter, vote);',
    "    votes.set(first ? ((vote.voter + '+') as NodeId) : vote.voter, vote);",
    [
      {
        file: 'packages/tendermint/src/votes.ts',
        find: '    for (const voter of this.#voters) {\n      const first = votes[kind].get(voter);',
        replace: '    for (const voter of votes[kind].keys()) {\n      const first = votes[kind].get(voter);',
      },
    ],
  ),
  tendermint(
    'last-vote-counts',
    'votes.ts',
    'a later vote erases the one that was counted (trap 44)',
    '    if (!first) votes.set(vote.voter, vote);',
    '    votes.set(vote.voter, vote);',
  ),
  tendermint(
    'vote-of-another-height',
    'receive.ts',
    'votes of earlier heights count',
    '  if (height === state.height.height) return state.height;',
    '  if (height <= state.height.height) return state.height;',
  ),
  tendermint(
    'vote-of-another-round',
    'votes.ts',
    'votes of earlier rounds count in the present one',
    'const votes = this.#votesOf(vote.round)[vote.kind];',
    'const votes = this.#votesOf(Math.max(vote.round, this.#round))[vote.kind];',
  ),
  tendermint(
    'vote-in-the-name-of-others',
    'receive.ts',
    'whoever signs names the voter (trap 56)',
    '  if (vote.voter !== from || !signature) return;',
    '  if (!signature) return;',
  ),
  tendermint(
    'anybody-proposes',
    'receive.ts',
    'a proposal of whoever it comes from is taken',
    '  if (proposerOf(voters, height, round) !== voter || proposerOf(voters, height, epoch.number - 1) !== epoch.node)\n    return;\n',
    '  if (!voters.includes(epoch.node as NodeId)) return;\n',
  ),
  tendermint(
    'check-not-heeded',
    'build.ts',
    'what the host says of a payload is not heeded',
    "proposed.verdict = valid ? 'valid' : 'invalid';",
    "proposed.verdict = valid || proposed.isSettled ? 'valid' : 'valid';",
  ),
  tendermint(
    'decided-without-quorum',
    'catch-up.ts',
    'a decision that a peer passes on needs no quorum',
    "  if (!isCertificate(state, message.height, message.precommits, 'precommit')) return;\n",
    '',
  ),
  inFile(
    'relayed-votes-not-verified',
    'validator/src/engine-host.ts',
    'votes that a peer passes on are believed (trap 49)',
    'for (const statement of this.#protocol.statements(message, instance)) {',
    'for (const statement of this.#protocol.statements(message, instance).slice(0, 0)) {',
  ),
  inFile(
    'signature-not-verified',
    'validator/src/engine-host.ts',
    'what a peer says itself is believed without its signature',
    "      if (!this.#surroundings.verify(from, signed, signature)) return 'a message with a wrong signature';\n",
    '',
  ),
  inFile(
    'seal-not-verified',
    'validator/src/sealing.ts',
    'a seal is believed without its signature',
    'if (!this.#rule(fromHex(validator.signingKey), signed, seal.signature)) {',
    'if (!this.#rule(fromHex(validator.signingKey), signed, seal.signature) && seal.height === 0) {',
  ),
  inFile(
    'certificate-not-verified',
    'validator/src/sealing.ts',
    'a certificate is believed without its signatures',
    'if (fault !== undefined) return this.#outbox.misbehaved(from, `a certificate',
    "if (fault === 'CONFIGURATION_MISMATCH') return this.#outbox.misbehaved(from, `a certificate",
  ),
  inFile(
    'synced-blocks-not-verified',
    'validator/src/block-sync.ts',
    'certificates of blocks that a peer hands out are believed',
    '      if (fault !== undefined) return lie(fault);\n',
    '',
  ),
  tendermint(
    'no-evidence',
    'evidence.ts',
    'contradictions are not told',
    '  state.out.evidence.push({ voter, first, second });\n',
    '',
  ),
];

/** Bugs of what must outlive a crash, and of what gets everybody on. */
const MEMORY: readonly Mutant[] = [
  tendermint(
    'sign-state-not-durable',
    'sign.ts',
    'a vote leaves before it is durable (trap 2)',
    '  broadcastDurably(state, { kind, height, round, id, voter: state.self });',
    '  const from = state.self;\n  for (const to of state.voters) state.out.send.push({ from, to, message: { kind, height, round, id, voter: from } });',
  ),
  tendermint(
    'sign-state-not-stored',
    'sign.ts',
    'a vote is remembered in memory only (trap 46)',
    '  height.said = { ...height.said, [kind]: id };\n  state.out.hardState = true;\n',
    '  height.said = { ...height.said, [kind]: id };\n',
  ),
  tendermint(
    'said-forgotten-at-restart',
    'state.ts',
    'a node that starts again does not know what it said (trap 46)',
    "  height.said = said;\n  height.step = said.precommit !== undefined ? 'precommit' : said.prevote !== undefined ? 'prevote' : 'propose';\n",
    '  if (said.proposal) height.said = { proposal: said.proposal };\n',
  ),
  tendermint(
    'lock-forgotten-at-restart',
    'state.ts',
    'a node that starts again is not locked',
    '  height.locked = locked;\n',
    '  if (locked && valid) height.locked = undefined;\n',
  ),
  tendermint(
    'entry-forgotten-at-restart',
    'state.ts',
    'a node that starts again cannot say what led into its round (trap 46)',
    '  height.votes.addAll(entered);\n',
    '',
  ),
  tendermint(
    'polka-kept-to-itself',
    'repeat.ts',
    'the polka of the valid value is not passed on (traps 42, 43)',
    '  if (valid) known.push(...valid.polka.filter((vote) => !known.includes(vote)));\n',
    '  if (valid && round < 0) known.push(...valid.polka);\n',
  ),
  tendermint(
    'nothing-repeated',
    'repeat.ts',
    'votes that were lost are never said again',
    '    broadcast(state, knownVotes(state));\n    repeatProposal(state);\n',
    '    repeatProposal(state);\n',
  ),
  tendermint(
    'no-prevote-timer',
    'rules.ts',
    'no timer runs after mixed prevotes (L34, trap 45)',
    "  if (votes.hasAny('prevote', round) && !scheduled.has('prevote')) {",
    "  if (votes.hasQuorum('prevote', round, null) && !scheduled.has('prevote')) {",
  ),
];

/** Bugs of the Tendermint engine, and of what guards it from liars. */
export const TENDERMINT_MUTANTS: readonly Mutant[] = [...RULES, ...HEARING, ...MEMORY];
