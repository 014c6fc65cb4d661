import type { Entry, Envelope, Output, Protocol, Recovered, Write } from '@varve/consensus';
import { nodeId } from '@varve/encoding';
import { playScript, type ScriptStep } from './stage.ts';

/** A part of what an engine says in a step. */
export type Said = Partial<Output<unknown>>;

/** What a replica goes through, by the names of its steps. An absent one is left out. */
export type Script = Readonly<Record<string, ScriptStep | undefined>>;

/** The entry at `index` that the leader of `epoch` proposed. */
export function entry(index: number, epoch: number, leader = 'a', payload = `p${index}`): Entry {
  const id = payload as never;
  return { index, epoch: { number: epoch, node: nodeId(leader) }, payload: { id, bytes: new Uint8Array() } };
}

/** Messages that leave at once: receiver and message in turn. */
export function sends(...envelopes: readonly (readonly [to: string, message: object])[]): Said {
  return { send: envelopes.map(([to, message]) => ({ to, message }) as unknown as Envelope<unknown>) };
}

/** A write, and what leaves when it is durable. */
export function writes(
  sequence: number,
  content: Partial<Write<unknown>>,
  ...envelopes: readonly (readonly [to: string, message: object])[]
): Said {
  const gated = envelopes.map(([to, message]) => ({ to, message }) as unknown as Envelope<unknown>);
  // biome-ignore lint/suspicious/noThenProperty: the contract's name, and an array is no function.
  return { write: { sequence, append: [], ...content, then: gated } };
}

/** A message that arrives, and what is said then. */
export function hears(from: string, message: object, ...said: readonly Said[]): ScriptStep {
  const input = { kind: 'message', envelope: { from, message } } as unknown as ScriptStep['input'];
  return { input, output: Object.assign({}, ...said) };
}

/** What is said when the engine is told something else. */
export function told(input: object, ...said: readonly Said[]): ScriptStep {
  return { input: input as ScriptStep['input'], output: Object.assign({}, ...said) };
}

/** What a store holds when a replica starts. */
export function storing(hardState?: Uint8Array, log: readonly Entry[] = []): Recovered {
  const anchor = { index: 0, epoch: { number: 0 } } as Recovered['anchor'];
  return { anchor, ledger: anchor, log, applied: 0, ...(hardState && { hardState }) };
}

/** What a watch reports when replicas go through their scripts, one after the other. */
export function judge(
  newWatch: (report: (check: string) => void) => {
    watched(protocol: Protocol<unknown>): Protocol<unknown>;
  },
  scripts: readonly (readonly [self: string, script: Script, stored?: Recovered])[],
): readonly string[] {
  const found: string[] = [];
  const watch = newWatch((check) => found.push(check));
  for (const [self, script, stored = storing()] of scripts) {
    const steps = Object.values(script).filter((step) => step !== undefined);
    const start = { epoch: 0, lastIndex: 0 };
    playScript((protocol) => watch.watched(protocol), self, start, steps, undefined, stored);
  }
  return found;
}
