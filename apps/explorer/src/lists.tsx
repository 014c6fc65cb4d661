import type { BlockSummary, ExecutedAnswer } from '@varve/client';
import type { JSX } from 'preact';
import { Hash, Outcome, Time } from './parts.tsx';
import { link } from './route.ts';

/** Blocks as rows, in the order given. */
export function BlockRows({ blocks }: { blocks: readonly BlockSummary[] }): JSX.Element {
  if (blocks.length === 0)
    return <p class="quiet">No blocks yet: the chain makes one when there is something to order.</p>;
  return (
    <table>
      <thead>
        <tr>
          <th>Height</th>
          <th>Hash</th>
          <th class="number">Transactions</th>
          <th>Time</th>
          <th>State</th>
        </tr>
      </thead>
      <tbody>
        {blocks.map(({ hash, final, header }) => (
          <tr key={hash}>
            <td>
              <a href={link.block(header.height)}>{header.height}</a>
            </td>
            <td>
              <Hash value={hash} href={link.block(header.height)} />
            </td>
            <td class="number">{header.transactionCount}</td>
            <td>
              <Time value={header.time} />
            </td>
            <td>{final ? <span class="badge good">final</span> : <span class="badge">committed</span>}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** What a transaction does, in a line. */
function summaryOf(transaction: ExecutedAnswer): string {
  const [first] = transaction.operations;
  if (first === undefined) return '';
  const more = transaction.operations.length > 1 ? ` +${transaction.operations.length - 1}` : '';
  const subject = first.arguments.find((argument) => typeof argument === 'string' && argument.length <= 64);
  return `${first.module}.${first.method}${typeof subject === 'string' ? ` ${subject}` : ''}${more}`;
}

/** Transactions as rows, in the order given. */
export function TransactionRows({ transactions }: { transactions: readonly ExecutedAnswer[] }): JSX.Element {
  if (transactions.length === 0) return <p class="quiet">No transactions.</p>;
  return (
    <table>
      <thead>
        <tr>
          <th>Transaction</th>
          <th>Operations</th>
          <th>Account</th>
          <th class="number">Block</th>
          <th>Outcome</th>
        </tr>
      </thead>
      <tbody>
        {transactions.map((transaction) => (
          <tr key={transaction.transactionId}>
            <td>
              <Hash value={transaction.transactionId} href={link.transaction(transaction.transactionId)} />
            </td>
            <td class="wide">{summaryOf(transaction)}</td>
            <td>
              <Hash value={transaction.account} href={link.account(transaction.account)} />
            </td>
            <td class="number">
              <a href={link.block(transaction.height)}>{transaction.height}</a>
            </td>
            <td>
              <Outcome code={transaction.outcome.code} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
