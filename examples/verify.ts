import { createClient } from '@varve/client';
import { fromHex } from '@varve/encoding';
import { holdsUnless, verifyReceipt } from '@varve/verify';

/** Verifies a transaction on the chain with this id, whatever the node says. Returns the steps and the outcome, a line each. */
export async function verifyTransaction(url: string, chainId: string, transactionId: string): Promise<string[]> {
  const client = createClient({ url });
  const [{ genesis }, { receipt }] = await Promise.all([client.genesis(), client.receipt(transactionId)]);
  const verdict = verifyReceipt(fromHex(receipt), { genesis: fromHex(genesis) });
  if (!verdict.ok) throw new Error(`it proves nothing: ${verdict.reason}: ${verdict.detail}`);
  const { report, steps } = verdict;
  // A node can serve a genesis document and a receipt of a chain of its own making: only the id tells.
  if (report.chainId !== chainId) throw new Error(`it is of chain ${report.chainId}`);
  if (report.transactionId !== transactionId) throw new Error(`it is of transaction ${report.transactionId}`);
  return [...steps.map(({ text }) => `✓ ${text}`), `The outcome is ${report.code}. It holds ${holdsUnless(report)}.`];
}

if (import.meta.main) {
  const [url = '', chainId = '', transactionId = ''] = process.argv.slice(2);
  try {
    console.log((await verifyTransaction(url, chainId, transactionId)).join('\n'));
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
