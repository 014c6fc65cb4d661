import { bytesEqual, toHex } from '@varve/encoding';
import type { Header, SealedHeader } from '@varve/ledger';
import type { Execution } from '@varve/ledger/chain';
import type { Findings } from './finding.ts';

/** Which part of a header is not what execution gives. */
export type HeaderPart = 'transactions' | 'state' | 'history' | 'configuration' | 'other';

/**
 * Names what differs between the header of a copy and the one that execution gives.
 * @param isStateRootKnown - The state differs since an earlier block, which was named then.
 */
export function compareHeaders(
  copied: SealedHeader,
  made: SealedHeader,
  isStateRootKnown: boolean,
  findings: Findings,
): ReadonlySet<HeaderPart> {
  const parts = new Set<HeaderPart>();
  const [is, must] = [copied.header, made.header];
  const { height } = is;
  const root = (name: keyof Header & `${string}Root`): string | undefined =>
    bytesEqual(is[name], must[name]) ? undefined : `${toHex(is[name])}; execution gives ${toHex(must[name])}`;
  const transactions = root('transactionsRoot');
  if (transactions !== undefined || is.transactionCount !== must.transactionCount) {
    parts.add('transactions');
    const text = `${is.transactionCount} transactions with root ${transactions ?? toHex(is.transactionsRoot)}, ${must.transactionCount} of them`;
    findings.add('TRANSACTIONS_ROOT_WRONG', height, text);
  }
  const state = root('stateRoot');
  if (state !== undefined) {
    parts.add('state');
    if (!isStateRootKnown) findings.add('STATE_ROOT_WRONG', height, `the state root is ${state}`);
  }
  const history = root('historyRoot');
  if (history !== undefined) {
    parts.add('history');
    findings.add('HISTORY_ROOT_WRONG', height, `the history root is ${history}`);
  }
  if (is.nextConfigurationHash !== must.nextConfigurationHash) {
    parts.add('configuration');
    const text = `it names ${is.nextConfigurationHash} as the next configuration; ${must.nextConfigurationHash} was decided`;
    findings.add('CONFIGURATION_WRONG', height, text);
  }
  if (is.time !== must.time) {
    parts.add('other');
    findings.add('HEADER_WRONG', height, `its time is ${is.time}; it must be ${must.time}`);
  }
  return parts;
}

/** Names the items of a payload that the rules pass over: where its transactions root is wrong, one of them was counted. */
export function nameSkipped(height: number, { skipped }: Execution, findings: Findings): void {
  for (const { id, code, payloadIndex } of skipped) {
    const about = id === undefined ? {} : { transaction: id };
    if (code === 'TRANSACTION_KNOWN') {
      findings.add('TRANSACTION_REPLAYED', height, 'an earlier block within its validity holds it already', about);
    } else {
      findings.add('TRANSACTION_INADMISSIBLE', height, `item ${payloadIndex} of the payload: ${code}`, about);
    }
  }
}
