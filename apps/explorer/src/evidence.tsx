import type { EvidenceItem, StatementAnswer } from '@varve/client';
import type { JSX } from 'preact';
import { api } from './api.ts';
import { useLoaded } from './load.ts';
import { Await, Field, Fields, Hash, Panel } from './parts.tsx';
import { link } from './route.ts';

const PAGE = 25;

/** Validators that contradicted themselves. */
export function EvidencePage({ after }: { after: string | undefined }): JSX.Element {
  const loaded = useLoaded(`evidence ${after}`, (signal) => api.evidence(PAGE, after, signal), 5000);
  return (
    <Await loaded={loaded}>
      {({ evidence, total, next }) => (
        <>
          <Panel
            title="Evidence"
            aside={next === null ? <span class="quiet">{total} in all</span> : <a href={link.evidence(next)}>more</a>}
          >
            <p>
              A validator signs at most one vote, one proposal and one block for each place in the order. Each record
              here holds two signatures of one validator on two different statements for the same place: its key was
              stolen or used by two processes, or it lies. Nobody else could have made these signatures.
            </p>
            {total === 0 && <p class="quiet">This node knows of no validator that contradicted itself.</p>}
          </Panel>
          {evidence.map((one) => (
            <Contradiction key={one.id} evidence={one} />
          ))}
        </>
      )}
    </Await>
  );
}

function Contradiction({ evidence }: { evidence: EvidenceItem }): JSX.Element {
  const { id, validator, organization, signingKey, configuration, configurationHash, kind, first, second } = evidence;
  return (
    <Panel
      title={`${validator} signed two ${kind} for ${placeOf(evidence)}`}
      aside={<span class="badge bad">contradiction</span>}
    >
      <Fields>
        <Field name="Id">
          <Hash value={id} long />
        </Field>
        <Field name="Validator">
          <a href={link.validators}>{validator}</a> of {organization}
        </Field>
        <Field name="Signing key">
          <Hash value={signingKey} long />
        </Field>
        <Field name="Configuration">
          {configuration} <Hash value={configurationHash} />
        </Field>
        <Field name="It said">
          <Said statement={first} />
        </Field>
        <Field name="And said">
          <Said statement={second} />
        </Field>
      </Fields>
      <p class="quiet">
        Check it without trusting this page: <code>npx varve evidence get {id.slice(0, 16)} --out twice.evidence</code>,
        then <code>npx varve evidence verify twice.evidence --genesis genesis.json</code>
      </p>
    </Panel>
  );
}

function Said({ statement }: { statement: StatementAnswer }): JSX.Element {
  if (statement.kind === 'seal') {
    return (
      <>
        block <Hash value={statement.blockHash} long />
      </>
    );
  }
  const { kind, payload } = statement;
  const valid = statement.kind === 'proposal' ? ` (${validText(statement.validRound)})` : '';
  return (
    <>
      {kind} of {payload === null ? 'nothing' : <Hash value={payload} long />}
      {valid}
    </>
  );
}

function validText(validRound: number | null): string {
  return validRound === null ? 'new' : `valid since round ${validRound}`;
}

function placeOf({ height, index, round }: EvidenceItem): string {
  return height === null ? `index ${index}, round ${round}` : `height ${height}`;
}
