import type { Command } from 'commander';
import { type CommandHost, group, leaf } from '../command.ts';
import { addNodeOptions } from '../connection-options.ts';

/** Evidence: two statements of one validator that contradict each other. */
export function addEvidenceCommands(host: CommandHost, program: Command): void {
  const evidence = group(program, 'evidence', 'get and check proofs that a validator contradicted itself');
  addNodeOptions(
    leaf(
      host,
      evidence,
      'list',
      'what a node keeps: who contradicted itself, in what',
      ['evidence list', 'evidence list --node http://127.0.0.1:7702 --json'],
      async () => (await import('../actions/evidence.ts')).listEvidence,
    ),
  );
  addNodeOptions(
    leaf(
      host,
      evidence,
      'get <id>',
      'show one record; the beginning of its id will do',
      ['evidence get 3fa9 --out twice.evidence', 'evidence get 3fa9 --out twice.evidence --configurations all.json'],
      async () => (await import('../actions/evidence.ts')).getEvidence,
    ),
  )
    .option('--out <file>', 'write the portable bytes to a new file')
    .option('--configurations <file>', 'write all configurations and what proves them to a new file');
  leaf(
    host,
    evidence,
    'verify <file>',
    'check evidence offline; nothing is trusted but the genesis document',
    [
      'evidence verify twice.evidence --genesis .varve/devnet/genesis.json',
      'evidence verify twice.evidence --genesis .varve/devnet/genesis.json --configurations all.json',
    ],
    async () => (await import('../actions/evidence.ts')).verifyEvidenceFile,
  )
    .requiredOption('--genesis <file>', 'the genesis document of the chain')
    .option('--configurations <file>', 'answer of /v1/configurations, for evidence of a later configuration');
}
