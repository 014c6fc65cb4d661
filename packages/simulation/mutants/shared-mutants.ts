import { type Mutant, planting } from './mutant.ts';

const shared = planting('packages');

/** Bugs of what all engines share: validator, ledger and storage. */
export const SHARED_MUTANTS: readonly Mutant[] = [
  shared(
    'no-wait-for-disk',
    'validator/src/durability.ts',
    'nothing waits until it is durable',
    'if (this.#records.hasPending) this.#next.push(then);',
    'if (this.#records.hasPending) this.#ready.push(then);',
  ),
  shared(
    'seal-before-durable',
    'validator/src/reactions.ts',
    'a block is sealed and reported before it is durable',
    'durability.after(() => this.#blockDurable(sealed, synced));',
    'this.#blockDurable(sealed, synced);',
  ),
  shared(
    'certificate-of-half',
    'validator/src/seals.ts',
    'half of the validators make a certificate',
    'if (agreeing.length < this.#quorum) return',
    'if (agreeing.length < this.#quorum - 1) return',
  ),
  shared(
    'replay-window-off',
    'ledger/src/ledger.ts',
    'a transaction that is ordered twice is executed twice',
    'isKnown(id: TransactionId, time: number): boolean {\n',
    'isKnown(id: TransactionId, time: number): boolean {\n    if (time > 0 || id === undefined) return false;\n',
  ),
  shared(
    'pool-dropped-on-leader-change',
    'validator/src/production.ts',
    'a new leader forgets what waits in its pool',
    '    this.#pool.releaseAll();\n    return true;',
    '    for (const { transaction } of [...this.#pool.all()]) this.#pool.remove(transaction.id);\n    return true;',
  ),
  shared(
    'journal-gap-ignored',
    'validator/src/loader.ts',
    'a lost batch goes unnoticed at the start',
    "if (gap !== undefined) return { code: 'JOURNAL_GAP', reason: gap };",
    '',
  ),
  shared(
    'engine-rot-ignored',
    'validator/src/loader.ts',
    'a log with damaged entries is taken for a shorter one',
    "if (this.#entryFault !== undefined) return { code: 'ENGINE_RECORD_DAMAGED', reason: this.#entryFault };",
    '',
  ),
  shared(
    'checksums-off',
    'ledger/src/store.ts',
    'a record that the disk changed is believed',
    'if (sum !== stored) throw new RecordDamaged(key);',
    'if (sum !== stored && body.length === 0) throw new RecordDamaged(key);',
  ),
  shared(
    'rollback-unnoticed',
    'validator/src/greeting.ts',
    'a restored backup votes again',
    'if (this.#self === undefined || this.#forgot) return true;',
    'if (this.#self !== undefined || this.#forgot) return true;',
  ),
  shared(
    'observer-only-forgotten',
    'validator/src/loader.ts',
    'what cost a validator its vote is forgotten at the next start',
    'const observerOnly = (record?.freedAt === undefined ? record?.mark : undefined) ?? fault;',
    'const observerOnly = fault;',
  ),
  shared(
    'time-rule-off',
    'validator/src/clock.ts',
    'a leader with a wrong clock goes on building',
    'return Math.abs(medianOffset(offsets)) > CLOCK_SKEW_MS_MAX;',
    'return Math.abs(medianOffset(offsets)) > CLOCK_SKEW_MS_MAX * 1e9;',
  ),
  shared(
    'tip-not-with-block',
    'ledger/src/ledger.ts',
    'the tip record is written with the next block, not with its own',
    '    this.#tip = sealed;\n    this.#writeTip();\n    return { sealed, execution };',
    '    this.#writeTip();\n    this.#tip = sealed;\n    return { sealed, execution };',
  ),
  shared(
    'barrier-does-not-wait',
    'validator/src/barriers.ts',
    'a read is answered before the state is as new as its barrier',
    'if ((index ?? 0) <= applied && (at ?? 0) <= durableHeight) {',
    'if (applied >= 0) {',
  ),
  shared(
    'failure-leaves-effects',
    'ledger/src/execution.ts',
    'a transaction that fails leaves what its first operations did',
    'if (!failed) overlay.moveInto(this.#state);',
    'overlay.moveInto(this.#state);',
  ),
  shared(
    'certificates-not-sent-again',
    'validator/src/sealing.ts',
    'lost seals and certificates are never sent again',
    'help(peer: Peer, { finalHeight, height, configurationHash }: Hello): void {\n',
    'help(peer: Peer, { finalHeight, height, configurationHash }: Hello): void {\n    if (height >= 0) return;\n',
  ),
  shared(
    'damage-not-mended',
    'validator/src/follow.ts',
    'a damaged block is never fetched again',
    'const repair = this.#damaged.values().next().value;',
    'const repair = this.#damaged.size < 0 ? 1 : undefined;',
  ),
];
