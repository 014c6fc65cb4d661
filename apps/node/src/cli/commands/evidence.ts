import type { Command } from 'commander';
import { type CommandHost, group, leaf } from '../command.ts';

/** Evidence: two statements of one validator that contradict each other. */
export function addEvidenceCommands(host: CommandHost, program: Command): void {
  const evidence = group(program, 'evidence', 'check proofs that a validator contradicted itself');
  leaf(
    host,
    evidence,
    'verify <file>',
    'check evidence offline; nothing is trusted but the genesis document',
    ['evidence verify twice.evidence --genesis .varve/devnet/genesis.json'],
    async () => (await import('../actions/evidence.ts')).verifyEvidenceFile,
  ).requiredOption('--genesis <file>', 'the genesis document of the chain');
}
