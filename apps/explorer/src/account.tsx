import type { StateAnswer } from '@varve/client';
import type { JSX } from 'preact';
import { ApiFailure, api } from './api.ts';
import { useLoaded } from './load.ts';
import { Await, Field, Fields, Hash, Panel } from './parts.tsx';
import { VerifiedState } from './verify.tsx';

/** An account as its state entry has it, read and verified here. */
interface Shown {
  readonly account: {
    readonly organization: string;
    readonly roles: readonly string[];
    readonly keys: readonly string[];
  };
  /** The state key, in hexadecimal. */
  readonly key: string;
  readonly answer: StateAnswer;
}

const MODULE = 'accounts';

async function load(id: string, signal: AbortSignal): Promise<Shown> {
  const { keyOfAccount, accountOfEntry } = await import('./state-keys.ts');
  const key = keyOfAccount(id);
  const answer = await api.state(MODULE, key, signal);
  if (answer.value === null) throw new ApiFailure('ACCOUNT_UNKNOWN', `There is no account ${id}.`, '');
  return { account: accountOfEntry(answer.value), key, answer };
}

export function AccountPage({ id }: { id: string }): JSX.Element {
  const loaded = useLoaded(`account ${id}`, (signal) => load(id, signal));
  return (
    <Await loaded={loaded}>
      {({ account, key, answer }) => (
        <>
          <Panel title="Account">
            <Fields>
              <Field name="Id">
                <Hash value={id} long />
              </Field>
              <Field name="Organization">{account.organization}</Field>
              <Field name="Roles">{account.roles.join(', ') || 'none'}</Field>
              <Field name="Keys">
                {account.keys.map((one) => (
                  <div key={one}>
                    <Hash value={one} long />
                  </div>
                ))}
              </Field>
            </Fields>
          </Panel>
          <VerifiedState module={MODULE} path={key} answer={answer} />
        </>
      )}
    </Await>
  );
}
