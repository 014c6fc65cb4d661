import { type Mutant, planting } from './mutant.ts';

const change = planting('packages', 'switch');

/** Bugs of the hand-over from one configuration to the next; they show only where configurations change. */
export const SWITCH_MUTANTS: readonly Mutant[] = [
  change(
    'next-engine-without-certificate',
    'ledger/src/ledger.ts',
    'the next configuration rules as soon as its block is executed',
    '    return this.configurations.at(this.#finalHeight + 1);\n  }\n\n  /** Whether the tip is',
    '    return this.configurations.newest;\n  }\n\n  /** Whether the tip is',
  ),
  change(
    'instance-not-checked',
    'validator/src/inbound.ts',
    'frames of another instance are taken',
    'if (message.frame.instance !== instance.id) {',
    'if (message.frame.instance === instance.id && now.wall < 0) {',
  ),
  change(
    'index-not-started-anew',
    'ledger/src/ledger.ts',
    'the next engine begins where the last one ended',
    'if (this.isHandingOver && certificate.height === this.#tip.header.height) this.#applied = 0;',
    '',
  ),
  change(
    'entries-behind-the-last-executed',
    'validator/src/applier.ts',
    'what the old engine ordered behind the last block is executed',
    'if (item.configuration !== this.#ledger.next.hash) {',
    'if (item.configuration !== this.#ledger.next.hash && this.#ledger.isHandingOver) {',
  ),
  change(
    'builds-on-the-last-block',
    'validator/src/validator.ts',
    'a leader goes on building behind the last block of its configuration',
    "if (this.#reactions.isBetween) return 'CONFIGURATION_UNCERTIFIED';",
    '',
  ),
  change(
    'old-engine-goes-on',
    'validator/src/validator.ts',
    'the old engine writes after the next one began',
    '    before.engine?.stop();\n    before.log.clear',
    '    before.log.clear',
  ),
  change(
    'old-records-kept',
    'validator/src/validator.ts',
    'records of the last instance stay beside those of the next',
    '    before.log.clear(first - 1);\n',
    '',
  ),
  change(
    'journal-without-instance',
    'validator/src/loader.ts',
    'the hard state of the last instance is looked for in the next',
    'const journaled = newest && newest.instance !== id ? this.#engineState(records, newest.instance) : state;',
    'const journaled = state;',
  ),
  change(
    'last-certificate-not-shown',
    'validator/src/sealing.ts',
    'whoever lacks the certificate of a last block is not given it',
    'if (configurationHash !== this.#ruled.hash) return this.#helpOver(peer, configurationHash);',
    'if (configurationHash !== this.#ruled.hash) return;',
  ),
  change(
    'sync-past-the-last-block',
    'validator/src/applier.ts',
    'certified blocks of a configuration that does not rule yet are executed',
    'if (this.#ledger.isHandingOver || sealed.header.configurationHash !== this.#ledger.next.hash) return undefined;',
    '',
  ),
  change(
    'seals-with-any-configuration',
    'validator/src/sealing.ts',
    'blocks of the next configuration are sealed under the last one',
    'if (this.#enabled && sealed.header.configurationHash === this.#ruled.hash) this.#seal(sealed);',
    'if (this.#enabled) this.#seal(sealed);',
  ),
  change(
    'barrier-of-the-last-engine',
    'validator/src/validator.ts',
    'indexes that the last engine confirmed are compared with those of the next',
    '    this.#barriers.beginInstance(first - 1);\n',
    '',
  ),
  change(
    'proposed-stays-proposed',
    'validator/src/production.ts',
    'what was proposed to the last engine is never proposed to the next',
    '    this.#logTime = this.#ledger.tip.header.time;\n    this.#pool.releaseAll();\n  }\n\n  /** A payload entered',
    '    this.#logTime = this.#ledger.tip.header.time;\n  }\n\n  /** A payload entered',
  ),
  change(
    'old-key-votes-again',
    'validator/src/observer-only.ts',
    'a change of the configuration gives a validator without memory its vote back',
    ' || seat === undefined || mark.signingKey === seat.signingKey) return;',
    ' || seat === undefined) return;',
  ),
];
