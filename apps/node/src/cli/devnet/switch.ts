import { type Client, createClient, operations } from '@varve/client';
import type { ProtocolName } from '@varve/consensus';
import { createSigner } from '@varve/crypto';
import { toHex } from '@varve/encoding';
import { configurationHashOf, encodeConfiguration } from '@varve/ledger';
import { proposalIdOf } from '@varve/modules';
import type { Devnet, DevnetValidator } from '../../setup/devnet-folder.ts';
import { demandSeed, openKeys } from '../../setup/key-material.ts';
import { CliError } from '../failure.ts';
import { presentOf, successorOf } from '../governance/next-configuration.ts';
import { approving, proposalAt } from '../governance/proposals.ts';
import { answering, askStatus, isUp } from './control.ts';
import { isRunning } from './processes.ts';

const POLL_MS = 50;
const { governance } = operations;

/** A change of the protocol that was decided. */
export interface DecidedSwitch {
  readonly from: ProtocolName;
  readonly to: ProtocolName;
  readonly number: number;
  readonly configurationHash: string;
  readonly proposalId: string;
  /** Organizations whose votes decided. */
  readonly approving: readonly string[];
  /** Of the block that decided: the last one under the old protocol. */
  readonly height: number;
}

/** When a validator first said that it runs under the new protocol. */
export interface SwitchedValidator {
  readonly name: string;
  /** Since the vote that decided was final. */
  readonly afterMs: number;
}

/**
 * Proposes the present configuration with another protocol, and votes as one organization after the other until it is
 * decided and final. A switch that was interrupted is taken up where it was.
 * @param timeoutMs - How long each transaction may take to become final.
 * @throws {CliError} `PROTOCOL_UNCHANGED`, `DEVNET_STOPPED`; and what the SDK throws.
 */
export async function decideSwitch(
  devnet: Devnet,
  to: ProtocolName,
  override: boolean,
  timeoutMs: number,
  onProgress: (text: string) => void,
): Promise<DecidedSwitch> {
  const validator = await answering(devnet.validators);
  if (validator === undefined) throw new CliError('DEVNET_STOPPED', 'no validator of this devnet runs');
  const reader = createClient({ url: validator.httpUrl });
  const present = await presentOf(reader);
  const from = present.configuration.protocol;
  if (from === to) throw new CliError('PROTOCOL_UNCHANGED', `the devnet runs under ${to} already`);
  const next = successorOf(present.configuration, { protocol: to });
  const bytes = encodeConfiguration(next);
  const proposalId = toHex(proposalIdOf(bytes, override));
  let proposal = await proposalAt(reader, proposalId, present);
  for (const account of devnet.accounts) {
    if (proposal !== undefined && proposal.adopted !== null) break;
    if (approving(proposal?.votes ?? []).includes(account.organization)) continue;
    onProgress(`${account.name} ${proposal ? 'approves' : `proposes ${to}`}`);
    const operation = proposal ? governance.vote(proposalId, true) : governance.propose(bytes, override);
    const client = await clientOf(devnet, validator, account.keyFile);
    const { height } = await client.submit(operation, { timeoutMs });
    proposal = await proposalAt(reader, proposalId, present, { minHeight: height ?? 0 });
  }
  if (!proposal || proposal.adopted === null)
    throw new CliError('PROPOSAL_UNKNOWN', 'the accounts of the devnet could not decide the proposal');
  return {
    from,
    to,
    number: next.number,
    configurationHash: configurationHashOf(next),
    proposalId,
    approving: approving(proposal.votes),
    height: proposal.adopted,
  };
}

/**
 * Waits until every running validator reports the protocol of the configuration, and is ready under it.
 * @throws {CliError} `SWITCH_TIMEOUT` with the names of those that do not, `DEVNET_STOPPED` when none runs any more.
 */
export async function waitForProtocol(
  validators: readonly DevnetValidator[],
  { number, to }: Pick<DecidedSwitch, 'number' | 'to'>,
  timeoutMs: number,
  onProgress: (text: string) => void,
): Promise<readonly SwitchedValidator[]> {
  const start = performance.now();
  const switched: SwitchedValidator[] = [];
  for (;;) {
    const running = validators.filter(isRunning);
    if (running.length === 0) throw new CliError('DEVNET_STOPPED', 'every validator stopped during the switch');
    const waiting = running.filter(({ name }) => !switched.some((one) => one.name === name));
    const isArrived = await Promise.all(waiting.map((validator) => hasSwitched(validator, number, to)));
    const afterMs = Math.round(performance.now() - start);
    const arrived = waiting.filter((_validator, i) => isArrived[i]);
    for (const { name } of arrived) switched.push({ name, afterMs });
    if (arrived.length > 0) onProgress(`${switched.length} of ${running.length} validators run under ${to}`);
    const late = waiting.filter((validator) => !arrived.includes(validator)).map(({ name }) => name);
    if (late.length === 0) return switched;
    if (afterMs > timeoutMs)
      throw new CliError('SWITCH_TIMEOUT', `decided, but not under ${to} in time: ${late.join(', ')}`);
    await new Promise((done) => setTimeout(done, POLL_MS));
  }
}

async function hasSwitched(validator: DevnetValidator, number: number, to: ProtocolName): Promise<boolean> {
  const status = await askStatus(validator);
  const isKnown = status !== undefined && status.protocol === to && status.configuration.number >= number;
  return isKnown && (await isUp(validator));
}

async function clientOf(devnet: Devnet, { httpUrl }: DevnetValidator, keyFile: string): Promise<Client> {
  const seed = demandSeed(await openKeys(keyFile, devnet.passphraseFile), 'account', keyFile);
  return createClient({ url: httpUrl, signer: createSigner(seed) });
}
