import type { StatusAnswer } from '@varve/client';
import { assert } from '@varve/consensus';
import type { DevnetValidator } from '../../setup/devnet-folder.ts';
import type { Action, ActionContext } from '../command.ts';
import {
  askStatus,
  demandDevnet,
  devnetDirectory,
  indexOf,
  isReady,
  startValidators,
  stopValidators,
  waitUntilReady,
} from '../devnet/control.ts';
import { isRunning, signalValidator, waitForEnd } from '../devnet/processes.ts';
import { CliError } from '../failure.ts';
import { table } from '../printer.ts';

const KILL_MS = 2_000;

/** `devnet status`. */
export const devnetStatus: Action = async ({ printer }, _args, options) => {
  const directory = devnetDirectory(options.text('data'));
  const { chainId, protocol, validators } = demandDevnet(directory);
  const rows = await Promise.all(
    validators.map(async (validator) => {
      const running = isRunning(validator);
      const [ready, status] = running
        ? await Promise.all([isReady(validator), askStatus(validator)])
        : [false, undefined];
      return { ...validator, running, ready, status: status ?? null };
    }),
  );
  const text = table(
    ['validator', 'pid', 'state', 'height', 'final', 'role', 'address'],
    rows.map(({ name, pid, running, ready, status, httpUrl }) => [
      name,
      running ? String(pid) : '-',
      running ? stateOf(ready, status) : 'stopped',
      String(status?.height ?? '-'),
      String(status?.finalHeight ?? '-'),
      status?.role ?? '-',
      httpUrl,
    ]),
  );
  // Governance may have changed what the folder was made with.
  const present = rows.find(({ status }) => status)?.status?.protocol ?? protocol;
  const heading = `${validators.length} validators under ${present}, chain ${chainId}`;
  printer.result({ chainId, protocol: present, dataDirectory: directory, validators: rows }, `${heading}\n\n${text}`);
  return undefined;
};

/** A process that runs: it is ready, or what it waits for, or it starts or hangs. */
function stateOf(isReadyNow: boolean, status: StatusAnswer | null): string {
  if (isReadyNow) return 'ready';
  if (status === null) return 'no answer';
  return status.conditions[0]?.code ?? status.mode;
}

/** `devnet stop`. */
export const stopDevnet: Action = async ({ printer }, _args, options) => {
  const { validators } = demandDevnet(devnetDirectory(options.text('data')));
  const running = validators.filter(isRunning);
  const killed = await stopValidators(running);
  if (killed.length > 0) printer.talk(`did not stop in time and were killed: ${killed.join(', ')}`);
  const stopped = running.map(({ name }) => name);
  printer.result(
    { stopped, killed },
    stopped.length === 0 ? 'no validator was running' : `stopped ${stopped.join(', ')}`,
  );
  return undefined;
};

/** `devnet kill`. */
export const killValidator: Action = async ({ printer }, [which = ''], options) => {
  const directory = devnetDirectory(options.text('data'));
  const { validators } = demandDevnet(directory);
  const index = await indexOf({ validators }, which);
  const validator = validators[index];
  assert(validator !== undefined, 'the index is that of a validator');
  const restart = `varve devnet restart ${index + 1} --data ${directory}`;
  if (!isRunning(validator)) {
    const hint = `start it with "${restart}"`;
    throw new CliError('VALIDATOR_STOPPED', `${validator.name} does not run`, { hint });
  }
  signalValidator(validator, 'SIGKILL');
  if ((await waitForEnd([validator], KILL_MS)).length > 0)
    throw new CliError('STOP_TIMEOUT', `${validator.name}, process ${validator.pid}, does not end`);
  const text = `killed ${validator.name}; start it again with: ${restart}`;
  printer.result({ killed: validator.name, pid: validator.pid }, text);
  return undefined;
};

/** `devnet restart`. */
export const restartValidator: Action = async (context, [which = ''], options) => {
  const directory = devnetDirectory(options.text('data'));
  const before = demandDevnet(directory);
  const index = await indexOf(before, which);
  await stopValidators(before.validators.filter((_validator, at) => at === index));
  const { devnet, started } = startValidators(directory, before, [index], false);
  const validators = devnet.validators.filter((_validator, at) => at === index);
  await waitUntilReady(validators, started, (text) => context.printer.progress(text));
  return told(context, validators);
};

function told({ printer }: ActionContext, [validator]: readonly DevnetValidator[]): undefined {
  printer.result(
    { restarted: validator?.name, pid: validator?.pid },
    `${validator?.name} is ready at ${validator?.httpUrl}`,
  );
  return undefined;
}
