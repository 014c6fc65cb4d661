import type { OperationAnswer } from '@varve/client';
import type { JSX } from 'preact';
import { api } from './api.ts';
import { BlockRows, TransactionRows } from './lists.tsx';
import { latestBlocks, latestTransactions, status } from './live.ts';
import { useLoaded } from './load.ts';
import { Await, Field, Fields, Hash, Json, Outcome, Panel, Time } from './parts.tsx';
import { link } from './route.ts';
import { VerifiedReceipt } from './verify.tsx';

const PAGE = 25;

export function HomePage(): JSX.Element {
  const now = status.value;
  return (
    <>
      <div class="figures">
        <Figure name="Height" value={now?.height} />
        <Figure name="Final height" value={now?.finalHeight} />
        <Figure name="Leader" value={now?.leader ?? '—'} />
        <Figure name="Waiting" value={now?.pool.transactions} />
        <Figure name="Peers" value={now && `${now.peers.connected} of ${now.peers.known}`} />
      </div>
      {now?.conditions.map(({ code, detail, nodes }) => (
        <p class="alert" role="status" key={code}>
          <strong>{code}</strong> {detail} {nodes.join(', ')}
        </p>
      ))}
      <Panel title="Latest blocks" aside={<a href={link.blocks()}>all blocks</a>}>
        <BlockRows blocks={latestBlocks.value} />
      </Panel>
      <Panel title="Latest transactions">
        <TransactionRows transactions={latestTransactions.value} />
      </Panel>
    </>
  );
}

function Figure({ name, value }: { name: string; value: string | number | undefined }): JSX.Element {
  return (
    <div class="figure">
      <span>{name}</span>
      <strong>{value ?? '…'}</strong>
    </div>
  );
}

export function BlocksPage({ before }: { before: number | undefined }): JSX.Element {
  const loaded = useLoaded(`blocks ${before}`, (signal) => api.blocks(PAGE, before, signal));
  return (
    <Await loaded={loaded}>
      {({ blocks, next }) => (
        <Panel title="Blocks" aside={next === null ? undefined : <a href={link.blocks(next)}>older</a>}>
          <BlockRows blocks={blocks} />
        </Panel>
      )}
    </Await>
  );
}

export function BlockPage({ id }: { id: string }): JSX.Element {
  const loaded = useLoaded(`block ${id}`, (signal) => api.block(id, signal));
  return (
    <Await loaded={loaded}>
      {({ hash, final, header, transactions, certificate }) => (
        <>
          <Panel
            title={`Block ${header.height}`}
            aside={
              <nav>
                {header.height > 0 && <a href={link.block(header.height - 1)}>previous</a>}
                <a href={link.block(header.height + 1)}>next</a>
              </nav>
            }
          >
            <Fields>
              <Field name="State">
                {final ? <span class="badge good">final</span> : <span class="badge">committed</span>}
              </Field>
              <Field name="Hash">
                <Hash value={hash} long />
              </Field>
              <Field name="Parent">
                <Hash value={header.parentHash} href={link.block(header.height - 1)} long />
              </Field>
              <Field name="Time">
                <Time value={header.time} />
              </Field>
              <Field name="Ordered at">
                index {header.index}, epoch {header.epoch.number} {header.epoch.node && `of ${header.epoch.node}`}
              </Field>
              <Field name="Configuration">
                <Hash value={header.configurationHash} />
              </Field>
              <Field name="Transactions root">
                <Hash value={header.transactionsRoot} long />
              </Field>
              <Field name="State root">
                <Hash value={header.stateRoot} long />
              </Field>
              <Field name="History root">
                <Hash value={header.historyRoot} long />
              </Field>
              <Field name="Certificate">
                {certificate
                  ? `sealed by ${certificate.signatures.map(({ validator, validatorIndex }) => validator ?? validatorIndex).join(', ')}`
                  : final
                    ? 'certified by a later block'
                    : 'none yet'}
              </Field>
            </Fields>
          </Panel>
          <Panel title={`Transactions (${transactions.length})`}>
            <TransactionRows transactions={transactions} />
          </Panel>
        </>
      )}
    </Await>
  );
}

export function TransactionPage({ id }: { id: string }): JSX.Element {
  const loaded = useLoaded(`tx ${id}`, (signal) => api.transaction(id, signal), 2000);
  return (
    <Await loaded={loaded}>
      {({ transactionId, status: state, execution }) => (
        <>
          <Panel title="Transaction" aside={<span class={state === 'final' ? 'badge good' : 'badge'}>{state}</span>}>
            <Fields>
              <Field name="Id">
                <Hash value={transactionId} long />
              </Field>
              {execution && (
                <>
                  <Field name="Outcome">
                    <Outcome code={execution.outcome.code} />
                    {execution.outcome.failedOperation !== null &&
                      ` in operation ${execution.outcome.failedOperation + 1}`}
                  </Field>
                  <Field name="Block">
                    <a href={link.block(execution.height)}>{execution.height}</a>, place {execution.index + 1}
                  </Field>
                  <Field name="Block time">
                    <Time value={execution.time} />
                  </Field>
                  <Field name="Account">
                    <Hash value={execution.account} href={link.account(execution.account)} long />
                  </Field>
                  <Field name="Signed with">
                    <Hash value={execution.publicKey} long />
                  </Field>
                  <Field name="Valid until">
                    <Time value={execution.validUntil} />
                  </Field>
                </>
              )}
            </Fields>
            {execution === null && <p class="quiet">It waits to be ordered.</p>}
          </Panel>
          {execution?.operations.map((operation, i) => (
            <Panel
              title={`${i + 1}. ${operation.module}.${operation.method}`}
              aside={<NodeLink operation={operation} />}
              key={`${operation.module} ${i}`}
            >
              <Json value={{ arguments: operation.arguments, returned: execution.values[i] ?? null }} />
            </Panel>
          ))}
          {execution && execution.events.length > 0 && (
            <Panel title="Events">
              <Json value={execution.events} />
            </Panel>
          )}
          {state === 'final' && <VerifiedReceipt id={transactionId} />}
          {state === 'final' && (
            <p class="quiet">
              Check it without trusting this page: <code>npx varve receipt get {transactionId} --out receipt.cbor</code>
              , then <code>npx varve receipt verify receipt.cbor --genesis genesis.json</code>
            </p>
          )}
        </>
      )}
    </Await>
  );
}

/** To the node of the coordination tree that an operation names. */
function NodeLink({ operation }: { operation: OperationAnswer }): JSX.Element | null {
  const [path] = operation.arguments;
  if (operation.module !== 'coordination' || typeof path !== 'string' || !path.startsWith('/')) return null;
  return <a href={link.node(path)}>{path} now</a>;
}

export function ValidatorsPage(): JSX.Element {
  const loaded = useLoaded('validators', (signal) => api.validators(signal), 2000);
  return (
    <Await loaded={loaded}>
      {({ validators, up, quorum }) => (
        <Panel title="Validators" aside={<span class="quiet">{`${up} up, ${quorum} make a quorum`}</span>}>
          <table>
            <thead>
              <tr>
                <th>Name</th>
                <th>Organization</th>
                <th>Connected</th>
                <th class="number">Height</th>
                <th class="number">Behind</th>
                <th class="number">Clock</th>
              </tr>
            </thead>
            <tbody>
              {validators.map((validator) => (
                <tr key={validator.name}>
                  <td>
                    {validator.name} {validator.self && <span class="badge">this node</span>}
                    {validator.name === status.value?.leader && <span class="badge good">leader</span>}
                    {validator.evidence > 0 && (
                      <a class="badge bad" href={link.evidence()}>
                        contradicted itself
                      </a>
                    )}
                  </td>
                  <td>{validator.organization}</td>
                  <td>
                    {validator.self || validator.connected ? (
                      <span class="badge good">yes</span>
                    ) : (
                      <span class="badge bad">no</span>
                    )}
                  </td>
                  <td class="number">{validator.height ?? '—'}</td>
                  <td class="number">{validator.behind ?? '—'}</td>
                  <td class="number">{validator.clockOffsetMs === null ? '—' : `${validator.clockOffsetMs} ms`}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Panel>
      )}
    </Await>
  );
}

export function SearchPage({ query }: { query: string }): JSX.Element {
  const loaded = useLoaded(`search ${query}`, (signal) => api.search(query, signal));
  return (
    <Await loaded={loaded}>
      {({ hits }) => {
        // A height or an id means one thing, though it may be part of a validator's name too.
        const exact = hits.filter(({ kind }) => kind !== 'validator');
        const [only] = exact.length > 0 ? exact : hits;
        if ((exact.length || hits.length) === 1 && only) location.replace(addressOf(only));
        return (
          <Panel title={`Search for “${query}”`}>
            {hits.length === 0 && (
              <p>Nothing has this height, block hash, transaction id, account id, key or validator name.</p>
            )}
            <ul>
              {hits.map((hit) => (
                <li key={addressOf(hit)}>
                  <a href={addressOf(hit)}>{hit.kind}</a> {query}
                </li>
              ))}
            </ul>
          </Panel>
        );
      }}
    </Await>
  );
}

function addressOf(hit: Awaited<ReturnType<typeof api.search>>['hits'][number]): string {
  switch (hit.kind) {
    case 'block':
      return link.block(hit.height);
    case 'transaction':
      return link.transaction(hit.transactionId);
    case 'account':
      return link.account(hit.accountId);
    case 'validator':
      return link.validators;
  }
}
