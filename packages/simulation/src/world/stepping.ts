import type { Configuration, Engine, EngineOptions, Output, Protocol, Recovered } from '@varve/consensus';

/** An engine that was just created, and what it was created of. */
export interface StartedEngine {
  readonly configuration: Configuration;
  readonly recovered: Recovered;
  readonly options: EngineOptions;
  readonly engine: Engine<unknown>;
  readonly first: Output<unknown>;
}

/** `protocol` with engines that step as `stepOf` says, and are otherwise what they were. */
export function stepping(
  protocol: Protocol<unknown>,
  stepOf: (started: StartedEngine) => Engine<unknown>['step'],
): Protocol<unknown> {
  return {
    ...protocol,
    create: (configuration, recovered, options, now) => {
      const { engine, first } = protocol.create(configuration, recovered, options, now);
      const step = stepOf({ configuration, recovered, options, engine, first });
      return { engine: { step, status: () => engine.status() }, first };
    },
  };
}
