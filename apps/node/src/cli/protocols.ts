import { PROTOCOL_NAMES, type ProtocolName } from '@varve/consensus';
import { usage } from './failure.ts';

/** All protocols, for help texts: `a, b or c`. */
export const PROTOCOLS_TEXT: string = PROTOCOL_NAMES.join(', ').replace(/, (\w+)$/, ' or $1');

/**
 * The protocol that an argument names.
 * @throws {CliError} `USAGE`.
 */
export function protocolArgument(text: string): ProtocolName {
  const protocol = PROTOCOL_NAMES.find((name) => name === text);
  if (protocol) return protocol;
  throw usage(`no protocol "${text}"`, `there are: ${PROTOCOL_NAMES.join(', ')}`);
}
