import type { JSX } from 'preact';
import { api } from './api.ts';
import { useLoaded } from './load.ts';
import { Await, Field, Fields, Hash, Json, Panel } from './parts.tsx';
import { link } from './route.ts';
import { VerifiedState } from './verify.tsx';

/** A node of the coordination tree, by its path. */
export function NodePage({ path }: { path: string }): JSX.Element {
  const loaded = useLoaded(`node ${path}`, async () => (await import('./state-keys.ts')).keyOfNode(path));
  return <Await loaded={loaded}>{(key) => <StatePage module="coordination" path={key} name={path} />}</Await>;
}

/** A value of the state, with its proof. `path` is the key in hexadecimal. */
export function StatePage({ module, path, name }: { module: string; path: string; name?: string }): JSX.Element {
  const loaded = useLoaded(`state ${module} ${path}`, (signal) => api.state(module, path, signal));
  return (
    <Await loaded={loaded}>
      {(answer) => (
        <>
          <Panel
            title={name === undefined ? `State of ${module}` : `Node ${name}`}
            aside={answer.found ? <span class="badge good">present</span> : <span class="badge">absent</span>}
          >
            <Fields>
              <Field name="Key">
                <Hash value={path} long />
              </Field>
              <Field name="After block">
                <a href={link.block(answer.height)}>{answer.height}</a>
              </Field>
              {answer.found && (
                <>
                  <Field name="Version">{answer.version}</Field>
                  <Field name="Changed in block">
                    <a href={link.block(answer.modifiedHeight ?? 0)}>{answer.modifiedHeight}</a>
                  </Field>
                  <Field name="Bytes">
                    <Hash value={answer.value ?? ''} long />
                  </Field>
                </>
              )}
            </Fields>
            {answer.decoded !== null && (
              <>
                <p class="quiet">As this node reads these bytes:</p>
                <Json value={answer.decoded} />
              </>
            )}
          </Panel>
          <VerifiedState module={module} path={path} answer={answer} />
        </>
      )}
    </Await>
  );
}
