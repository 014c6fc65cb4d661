import { PROTOCOL_NAMES, type ProtocolName } from '@varve/consensus';
import { paddingFor, transactionBytesOf } from '../../load/transactions.ts';
import type { Options } from '../command.ts';
import { usage } from '../failure.ts';
import { protocolArgument } from '../protocols.ts';

/** What is compared, and how. */
export interface ComparePlan {
  /** In the order of the table; each once. */
  readonly protocols: readonly ProtocolName[];
  /** Of each network. */
  readonly validators: number;
  /** How long each measurement lasts. */
  readonly seconds: number;
  /** Of whole signed transactions. */
  readonly transactionBytes: number;
}

/**
 * What the options of `devnet compare` ask for.
 * @throws {CliError} `USAGE`; {LoadError} `TRANSACTION_SIZE_UNREACHABLE`.
 */
export function planOf(options: Options): ComparePlan {
  const size = options.text('transactions') ?? '';
  const transactionBytes = transactionBytesOf(size);
  if (transactionBytes === undefined) throw usage(`"${size}" is no number of bytes`, 'write 300B, or 300');
  // Found out before anything is started.
  paddingFor(transactionBytes);
  return {
    protocols: protocolsOf(options.text('protocols')),
    validators: options.number('validators') ?? 0,
    seconds: options.number('seconds') ?? 0,
    transactionBytes,
  };
}

function protocolsOf(text: string | undefined): readonly ProtocolName[] {
  return text === undefined ? PROTOCOL_NAMES : [...new Set(text.split(',').map(protocolArgument))];
}
