import type { Genesis } from '@varve/ledger';
import type { AuditCopy } from '../audit/copy.ts';
import { openLevelCopy } from '../audit/level-copy.ts';
import { StoreError } from '../storage/index.ts';
import { EXIT } from './exit-codes.ts';
import { CliError, failureOf } from './failure.ts';

/**
 * Opens the data directory that an auditor named. What cannot be opened at all cannot be read as a copy: the command was
 * given something that is not right, and it is not the auditor who makes data directories.
 * @param expected - Stands in where the copy's own genesis record cannot be read.
 * @throws {CliError} with the code of what is wrong, and the exit code for wrong configuration.
 */
export async function openCopy(directory: string, expected: Genesis | undefined): Promise<AuditCopy> {
  try {
    return await openLevelCopy(directory, expected);
  } catch (error) {
    const { code, message, hint } = failureOf(error);
    const isMissing = code === 'STORE_MISSING';
    throw new CliError(code, isMissing ? `there is no database in ${directory}` : sentence(directory, error, message), {
      cause: error,
      hint: isMissing
        ? 'name with --data the data directory of a node, the "store" folder in it, or a devnet; "varve audit" takes an export file without --data'
        : hint,
      exitCode: EXIT.configuration,
    });
  }
}

/** The folder once: the errors of a database name it too. */
function sentence(directory: string, error: unknown, message: string): string {
  const reason = error instanceof StoreError && 'reason' in error.details ? error.details.reason : message;
  return `${directory} cannot be read: ${reason}`;
}
