import { readFileSync } from 'node:fs';
import { createClient, operations } from '@varve/client';
import { createSigner } from '@varve/crypto';
import { openKeyFile, readKeyFile } from '@varve/crypto/files';
import { utf8Encode } from '@varve/encoding';

/** Writes one node of the tree, and waits until the stream of final transactions shows it. Returns the transaction's id. */
export async function submitAndFollow(
  url: string,
  keyFile: string,
  passphraseFile: string,
  path: string,
): Promise<string> {
  const { secrets } = openKeyFile(readKeyFile(keyFile), readFileSync(passphraseFile, 'utf8').trim());
  const seed = secrets.get('account');
  if (seed === undefined) throw new Error(`${keyFile} holds no account key`);
  const client = createClient({ url, signer: createSigner(seed) });
  const { finalHeight } = await client.status();
  const result = await client.submit([operations.coordination.create(path, utf8Encode('in stock'))]);
  for await (const event of client.events({ topics: ['transactions'], after: `${finalHeight}` })) {
    if (event.kind === 'transaction' && event.data.transactionId === result.transactionId) break;
  }
  return result.transactionId;
}

if (import.meta.main) {
  const [url = '', keyFile = '', passphraseFile = '', path = ''] = process.argv.slice(2);
  console.log(await submitAndFollow(url, keyFile, passphraseFile, path));
}
