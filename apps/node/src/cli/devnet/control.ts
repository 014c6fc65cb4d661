import { resolve } from 'node:path';
import type { StatusAnswer } from '@varve/client';
import { type Devnet, type DevnetValidator, readDevnet, writeDevnet } from '../../setup/devnet-folder.ts';
import { CliError, usage } from '../failure.ts';
import { isRunning, lastOutput, type StartedProcess, signalValidator, startProcess, waitForEnd } from './processes.ts';

/** A validator that does not stop when asked is killed after this, so that all are gone within 3 s. */
const STOP_MS = 2_400;
const KILL_MS = 500;
const READY_MS = 60_000;
const POLL_MS = 50;
const ASK_MS = 1_000;
const OUTPUT_LINES = 8;

/**
 * The network in `directory`.
 * @throws {CliError} `DEVNET_MISSING`.
 */
export function demandDevnet(directory: string): Devnet {
  const devnet = readDevnet(directory);
  if (devnet) return devnet;
  throw new CliError('DEVNET_MISSING', `there is no devnet in ${directory}`);
}

/** The folder of a devnet, from `--data`. */
export function devnetDirectory(data: string | undefined): string {
  return resolve(data ?? '.varve/devnet');
}

/** What a node says of itself, or `undefined` when it does not answer. */
export async function askStatus(validator: DevnetValidator): Promise<StatusAnswer | undefined> {
  try {
    const answer = await fetch(`${validator.httpUrl}/v1/status`, { signal: AbortSignal.timeout(ASK_MS) });
    return answer.ok ? ((await answer.json()) as StatusAnswer) : undefined;
  } catch {
    return undefined;
  }
}

/** The first that answers, since a process may run and be silent; the first that runs, where none does. */
export async function answering(validators: readonly DevnetValidator[]): Promise<DevnetValidator | undefined> {
  const running = validators.filter(isRunning);
  const asked = running.map((validator) => ({ validator, answer: askStatus(validator) }));
  for (const { validator, answer } of asked) if (await answer) return validator;
  return running[0];
}

/** Whether a node takes part and can serve. */
export async function isReady(validator: DevnetValidator): Promise<boolean> {
  try {
    const answer = await fetch(`${validator.httpUrl}/readyz`, { signal: AbortSignal.timeout(ASK_MS) });
    await answer.arrayBuffer();
    return answer.ok;
  } catch {
    return false;
  }
}

/** Whether a node is as far as it will get: ready, or up and without a vote for good. */
export async function isUp(validator: DevnetValidator): Promise<boolean> {
  return (await isReady(validator)) || (await askStatus(validator))?.mode === 'observer-only';
}

/**
 * Starts some validators at once and records their processes.
 * @returns The network with the new pids, and what was started.
 */
export function startValidators(
  directory: string,
  devnet: Devnet,
  indexes: readonly number[],
  isBound: boolean,
): { readonly devnet: Devnet; readonly started: ReadonlyMap<string, StartedProcess> } {
  const started = new Map<string, StartedProcess>();
  for (const index of indexes) {
    const validator = devnet.validators[index];
    if (validator)
      started.set(validator.name, startProcess(validator, devnet.passphraseFile, isBound, devnet.validators.length));
  }
  // Read again: another command may have started other validators meanwhile, whose pids must not be lost.
  const present = readDevnet(directory) ?? devnet;
  const validators = present.validators.map((validator) => ({
    ...validator,
    pid: started.get(validator.name)?.pid ?? validator.pid,
  }));
  const next = { ...present, validators };
  writeDevnet(directory, next);
  return { devnet: next, started };
}

/**
 * Waits until every started validator is ready.
 * @throws {CliError} `DEVNET_NOT_READY`, with the output of the one that ended or was too slow.
 */
export async function waitUntilReady(
  validators: readonly DevnetValidator[],
  started: ReadonlyMap<string, StartedProcess>,
  onProgress: (text: string) => void,
): Promise<void> {
  const end = performance.now() + READY_MS;
  let waiting = validators;
  let told = -1;
  while (waiting.length > 0) {
    const readiness = await Promise.all(waiting.map(isUp));
    waiting = waiting.filter((_validator, index) => !readiness[index]);
    const ready = validators.length - waiting.length;
    if (ready !== told) onProgress(`${ready} of ${validators.length} validators ready`);
    told = ready;
    for (const validator of waiting) {
      const isLate = performance.now() > end;
      if (!isLate && isRunning(validator)) continue;
      const output = lastOutput(validator, started.get(validator.name)?.outputFrom ?? 0, OUTPUT_LINES);
      const conditions = (await askStatus(validator))?.conditions.map(({ code }) => code) ?? [];
      const what = isLate ? [`is not ready after ${READY_MS / 1000} s`, ...conditions].join(', ') : 'ended';
      throw new CliError('DEVNET_NOT_READY', `${validator.name} ${what}\n${output}`);
    }
    if (waiting.length > 0) await new Promise((done) => setTimeout(done, POLL_MS));
  }
}

/** Stops validators within 3 s: asked first, killed where that does not help. Resolves with the names of those killed. */
export async function stopValidators(validators: readonly DevnetValidator[]): Promise<readonly string[]> {
  for (const validator of validators) signalValidator(validator, 'SIGTERM');
  const stubborn = await waitForEnd(validators, STOP_MS);
  for (const validator of stubborn) signalValidator(validator, 'SIGKILL');
  await waitForEnd(stubborn, KILL_MS);
  return stubborn.map(({ name }) => name);
}

/**
 * The index of the validator that `which` names: a number from 1, a name, or `leader`.
 * @throws {CliError} `USAGE`, `LEADER_UNKNOWN`.
 */
export async function indexOf(devnet: Pick<Devnet, 'validators'>, which: string): Promise<number> {
  if (which === 'leader') {
    const answers = await Promise.all(devnet.validators.filter(isRunning).map(askStatus));
    // The highest epoch knows best: a node that was cut off may still name the leader before.
    const best = answers
      .filter((answer) => answer !== undefined && answer.leader !== null)
      .sort((a, b) => (b?.engine?.epoch.number ?? 0) - (a?.engine?.epoch.number ?? 0))[0];
    const index = devnet.validators.findIndex(({ name }) => name === best?.leader);
    if (index >= 0) return index;
    throw new CliError('LEADER_UNKNOWN', 'no validator knows a leader');
  }
  const index = devnet.validators.findIndex(({ name }, at) => which === name || which === String(at + 1));
  if (index >= 0) return index;
  throw usage(`there is no validator "${which}"`, `use 1 to ${devnet.validators.length}, or leader`);
}
