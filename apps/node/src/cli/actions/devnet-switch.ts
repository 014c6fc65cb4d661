import { writeDevnet } from '../../setup/devnet-folder.ts';
import type { Action } from '../command.ts';
import { demandDevnet, devnetDirectory } from '../devnet/control.ts';
import { decideSwitch, waitForProtocol } from '../devnet/switch.ts';
import { usage } from '../failure.ts';
import { pairs } from '../printer.ts';
import { PROTOCOLS_TEXT, protocolArgument } from '../protocols.ts';

/** `devnet switch`. */
export const switchDevnet: Action = async ({ printer }, _args, options) => {
  const text = options.text('protocol');
  if (text === undefined) throw usage('no protocol is named', `add --protocol ${PROTOCOLS_TEXT}`);
  const to = protocolArgument(text);
  const directory = devnetDirectory(options.text('data'));
  const devnet = demandDevnet(directory);
  const timeoutMs = (options.number('timeout') ?? 0) * 1_000;
  const start = performance.now();
  const onProgress = (line: string): void => printer.progress(line);
  const decided = await decideSwitch(devnet, to, options.flag('override'), timeoutMs, onProgress);
  const decidedMs = Math.round(performance.now() - start);
  // The chain says it from now on, whatever becomes of the wait.
  writeDevnet(directory, { ...demandDevnet(directory), protocol: to });
  printer.progress(`decided in block ${decided.height} by ${decided.approving.join(', ')}`);
  const validators = await waitForProtocol(devnet.validators, decided, timeoutMs, onProgress);
  const tookMs = Math.round(performance.now() - start);
  printer.result(
    { ...decided, decidedMs, tookMs, validators },
    pairs([
      ['switched', `${decided.from} to ${to}`],
      ['configuration', `${decided.number} ${decided.configurationHash}`],
      ['decided by', decided.approving.join(', ')],
      [`last block under ${decided.from}`, decided.height],
      ['took', `${tookMs} ms: ${decidedMs} ms to decide, ${tookMs - decidedMs} ms until all validators had switched`],
      ...validators.map(({ name, afterMs }) => [name, `under ${to} after ${afterMs} ms`] as const),
    ]),
  );
  return undefined;
};
