import type { Engine, Envelope, Input, Output, Protocol, Recovered, Status, Write } from '@varve/consensus';

/** What an engine says that has nothing to say. */
const NOTHING: Output<unknown> = { send: [], commit: [], check: [], dropped: [], reads: [], evidence: [] };

/** A write whose `messages` leave when it is durable. */
export function writing(
  sequence: number,
  content: Partial<Write<unknown>>,
  messages: readonly unknown[] = [],
): Write<unknown> {
  const envelopes = messages.map((message) => ({ message }) as Envelope<unknown>);
  // biome-ignore lint/suspicious/noThenProperty: the contract's name, and an array is no function.
  return { sequence, append: [], ...content, then: envelopes };
}

/** One step of a scripted engine: what it is told, what it says, and how it stands afterwards. */
export interface ScriptStep {
  readonly input: Input<unknown>;
  readonly output?: Partial<Output<unknown>>;
  readonly status?: { readonly epoch: number; readonly lastIndex: number };
}

/** Starts an engine of `self` that stands at `start` and goes through `script`, watched by `watched`. */
export function playScript(
  watched: (protocol: Protocol<unknown>) => Protocol<unknown>,
  self: string,
  start: { readonly epoch: number; readonly lastIndex: number; readonly role?: Status['role'] },
  script: readonly ScriptStep[],
  vouched: Protocol<unknown>['vouched'] = () => undefined,
  recovered: Recovered = {} as Recovered,
): void {
  let at = -1;
  let stand = start;
  const engine: Engine<unknown> = {
    step: () => {
      at += 1;
      stand = script[at]?.status ?? stand;
      return { ...NOTHING, ...script[at]?.output };
    },
    status: () => {
      const leader = start.role === 'leader' ? { leader: self } : {};
      return { epoch: { number: stand.epoch }, lastIndex: stand.lastIndex, role: start.role, ...leader } as Status;
    },
  };
  const protocol = { vouched, create: () => ({ engine, first: NOTHING }) } as unknown as Protocol<unknown>;
  const options = { self, instance: 'i' } as never;
  const configuration = { validators: ['a', 'b', 'c'] } as never;
  const watchedEngine = watched(protocol).create(configuration, recovered, options, 0).engine;
  for (const { input } of script) watchedEngine.step(input, 0);
}
