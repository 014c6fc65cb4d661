/** What the process ends with. Stable: scripts branch on it, and docs/errors.md lists it. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  configuration: 3,
  unreachable: 4,
  rejected: 5,
  pending: 6,
  findings: 7,
  interrupted: 130,
  terminated: 143,
} as const;

/** Codes about files, genesis documents and keys. */
const CONFIGURATION_CODES: ReadonlySet<string> = new Set([
  'ADDRESS_MALFORMED',
  'AUDIT_PROGRESS_FOREIGN',
  'AUDIT_PROGRESS_MALFORMED',
  'AUDIT_PROGRESS_MISSING',
  'AUDIT_START_UNPROVEN',
  'CONFIGURATION_INVALID',
  'DEVNET_DIFFERENT',
  'DEVNET_MISSING',
  'EXPORT_MALFORMED',
  'FILE_EXISTS',
  'FILE_FAILED',
  'GENESIS_INVALID',
  'KEY_FILE_EXISTS',
  'KEY_FILE_IO',
  'KEY_FILE_MALFORMED',
  'KEY_FILE_PASSPHRASE_WRONG',
  'KEY_FILE_TOO_OPEN',
  'KEY_FILE_UNWRITABLE',
  'KEY_MISMATCH',
  'KEY_MISSING',
  'KEY_NOT_IN_GENESIS',
  'NODE_INITIALIZED',
  'NODE_UNINITIALIZED',
  'PASSPHRASE_DIFFERS',
  'PASSPHRASE_NEEDED',
  'PEER_UNKNOWN',
  'PROTOCOL_UNKNOWN',
  'RULES_UNKNOWN',
  'STORE_EXISTS',
  'STORE_FOREIGN',
  'STORE_MISSING',
]);

/** Codes that no submission is refused with, though they are about a transaction. */
const QUESTION_CODES: ReadonlySet<string> = new Set(['RECEIPT_NOT_FINAL', 'TRANSACTION_UNKNOWN']);

/**
 * The exit code of an error.
 * @param status - HTTP status of a node's answer: a refusal of what was submitted is told from a failure by it.
 */
export function exitCodeOf(code: string, isSubmission: boolean, status: number | undefined): number {
  if (code === 'USAGE' || code === 'ARGUMENT_INVALID' || code === 'SIGNER_MISSING') return EXIT.usage;
  if (code === 'TRANSACTION_SIZE_UNREACHABLE') return EXIT.usage;
  if (code === 'NODE_UNREACHABLE') return EXIT.unreachable;
  if (code === 'WAIT_TIMEOUT' || code === 'SWITCH_TIMEOUT') return EXIT.pending;
  if (CONFIGURATION_CODES.has(code)) return EXIT.configuration;
  if (code === 'TRANSACTION_MALFORMED') return EXIT.rejected;
  // Only a question is answered so; the answer names the transaction asked for.
  if (QUESTION_CODES.has(code)) return EXIT.failed;
  if (isSubmission && status !== undefined && status >= 400 && status < 500) return EXIT.rejected;
  return EXIT.failed;
}
