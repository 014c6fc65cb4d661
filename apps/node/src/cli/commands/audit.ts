import type { Command } from 'commander';
import { act, type CommandHost, repeated, whole } from '../command.ts';

/** Judging whole copies of a ledger. */
export function addAuditCommand(host: CommandHost, program: Command): void {
  act(
    host,
    program
      .command('audit [files...]')
      .description('execute a whole ledger again, offline, and name everything that is not as it must be'),
    [
      'audit --data .varve/devnet/validator-1 --genesis .varve/devnet/genesis.json',
      'audit --data ours --data theirs --evidence proofs',
      'audit ledger.varve --html report.html',
    ],
    async () => (await import('../actions/audit.ts')).auditCopies,
  )
    .addOption(
      repeated('--data <dir>', 'data directory of a node, stopped or running, or of a devnet; can be repeated'),
    )
    .addOption(repeated('--export <file>', 'export file; can be repeated, and be given without the flag'))
    .option('--genesis <file>', 'the genesis document to trust (default: the one in the copy)')
    .addOption(
      whole(
        '--from <height>',
        'begin at this certified block, with the state that the copy keeps',
        1,
        Number.MAX_SAFE_INTEGER,
      ),
    )
    .option('--progress <file>', 'keep there how far it came, and go on from there; a file of its own for each copy')
    .option('--html <file>', 'write the report as a page too')
    .option('--evidence <dir>', 'where to write proof against validators that sealed both sides of a fork');
}
