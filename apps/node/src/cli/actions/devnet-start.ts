import { createDevnet, type Devnet, movePorts, type PortPair, portsOf, readDevnet } from '../../setup/devnet-folder.ts';
import { freePorts, portsFrom, takenPort } from '../../setup/ports.ts';
import type { Action, ActionContext, Options } from '../command.ts';
import { demandDevnet, devnetDirectory, startValidators, stopValidators, waitUntilReady } from '../devnet/control.ts';
import { isRunning } from '../devnet/processes.ts';
import { CliError } from '../failure.ts';
import { endReason } from '../lifetime.ts';
import { protocolArgument } from '../protocols.ts';

const PROTOCOL_DEFAULT = 'raft';
const VALIDATORS_DEFAULT = 4;
const PORTS_DEFAULT = 7_700;
/** How often a foreground devnet looks whether its validators still run. */
const WATCH_MS = 250;

/** `devnet`. */
export const startDevnet: Action = async (context, _args, options) => {
  const { printer } = context;
  const isDetached = options.flag('detach');
  const directory = devnetDirectory(options.text('data'));
  const end = isDetached ? undefined : endReason(context.environment);
  const created = await openDevnet(context, directory, options);
  const all = created.validators.map((_validator, index) => index);
  printer.progress(`starting ${all.length} validators`);
  const { devnet, started } = startValidators(directory, created, all, !isDetached);
  const ready = waitUntilReady(devnet.validators, started, (text) => printer.progress(text));
  try {
    if (end === undefined) await ready;
    else {
      const first = await Promise.race([ready.then(() => undefined), end.asked]);
      if (first !== undefined) {
        ready.catch(() => undefined);
        printer.talk(`${first.why}: stopping`);
        await stopValidators(devnet.validators);
        return undefined;
      }
    }
  } catch (error) {
    await stopValidators(devnet.validators);
    throw error;
  }
  printer.result({ dataDirectory: directory, ...devnet }, introduction(devnet, options, isDetached));
  if (end === undefined) return undefined;
  const why = await Promise.race([end.asked.then((reason) => reason.why), allEnded(directory)]);
  if (why === undefined) {
    printer.talk('no validator runs any more');
    return undefined;
  }
  printer.talk(`${why}: stopping`);
  // Read again: one may have been started anew from elsewhere meanwhile.
  const killed = await stopValidators(demandDevnet(directory).validators);
  printer.talk(
    killed.length === 0 ? 'all validators stopped' : `killed, since they did not stop: ${killed.join(', ')}`,
  );
  return undefined;
};

/** The network in the folder, created on first use; on ports that are free. */
async function openDevnet({ printer }: ActionContext, directory: string, options: Options): Promise<Devnet> {
  const existing = readDevnet(directory);
  const base = options.number('ports');
  if (existing === undefined) {
    const count = options.number('validators') ?? VALIDATORS_DEFAULT;
    const protocol = protocolArgument(options.text('protocol') ?? PROTOCOL_DEFAULT);
    const ports = base === 0 ? await freePorts(count) : portsFrom(base ?? PORTS_DEFAULT, count);
    await demandFree(ports);
    printer.talk(`creating a network of ${count} validators under ${protocol} in ${directory}`);
    return createDevnet(directory, protocol, ports, (text) => printer.progress(text));
  }
  demandSame(existing, options);
  const count = existing.validators.length;
  if (base === undefined) {
    await demandFree(portsOf(existing));
    return existing;
  }
  const ports = base === 0 ? await freePorts(count) : portsFrom(base, count);
  await demandFree(ports);
  return movePorts(directory, existing, ports);
}

function demandSame(devnet: Devnet, options: Options): void {
  const running = devnet.validators.filter(isRunning);
  if (running.length > 0)
    throw new CliError('DEVNET_RUNNING', `this devnet runs already: ${running.map(({ name }) => name).join(', ')}`);
  const [protocol, count] = [options.text('protocol'), options.number('validators')];
  if (protocol !== undefined && protocol !== devnet.protocol)
    throw new CliError('DEVNET_DIFFERENT', `the network in this folder runs ${devnet.protocol}, not ${protocol}`);
  if (count !== undefined && count !== devnet.validators.length)
    throw new CliError(
      'DEVNET_DIFFERENT',
      `the network in this folder has ${devnet.validators.length} validators, not ${count}`,
    );
}

async function demandFree(ports: readonly PortPair[]): Promise<void> {
  const taken = await takenPort(ports);
  if (taken === undefined) return;
  const hint = 'stop the other program, or choose other ports: --ports BASE, or --ports 0 for free ones';
  throw new CliError('PORT_IN_USE', `port ${taken} of 127.0.0.1 is in use`, { hint });
}

/** Resolves when no validator of the network runs any more. */
async function allEnded(directory: string): Promise<undefined> {
  while (demandDevnet(directory).validators.some(isRunning)) await new Promise((done) => setTimeout(done, WATCH_MS));
}

function introduction(devnet: Devnet, options: Options, isDetached: boolean): string {
  const [first] = devnet.validators;
  const data = options.text('data') ?? '';
  const suffix = data === '.varve/devnet' ? '' : ` --data ${/^[\w./-]+$/.test(data) ? data : `'${data}'`}`;
  return `
${devnet.validators.length} validators are committing under ${devnet.protocol}, chain ${devnet.chainId.slice(0, 16)}…

  Explorer  ${first?.httpUrl}/
  API docs  ${first?.httpUrl}/docs

Try:
  npx varve tx create /hello world${suffix}
  npx varve query state coordination --path /hello${suffix}
  npx varve query status${suffix}
  npx varve devnet kill leader${suffix}
  npx varve devnet status${suffix}

${isDetached ? `Stop it with: npx varve devnet stop${suffix}` : 'Stop it with Ctrl-C.'}`;
}
