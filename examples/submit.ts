import { createClient, operations } from '@varve/client';
import { createSigner } from '@varve/crypto';
import { fromHex, utf8Encode } from '@varve/encoding';

/** Writes one node of the tree and shows the transactions that become final, this one among them. */
export async function submitAndFollow(url: string, seedHex: string, path: string): Promise<string> {
  const client = createClient({ url, signer: createSigner(fromHex(seedHex)) });
  const { finalHeight } = await client.status();
  const result = await client.submit([operations.coordination.create(path, utf8Encode('in stock'))]);
  for await (const event of client.events({ topics: ['transactions'], after: `${finalHeight}` })) {
    if (event.kind === 'transaction' && event.data.transactionId === result.transactionId) break;
  }
  return result.transactionId;
}
