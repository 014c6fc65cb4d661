import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { submitAndFollow } from '../examples/submit.ts';
import { verifyTransaction } from '../examples/verify.ts';
import { run, temporaryFolder } from './support/command.ts';
import { eventually, TestDevnet } from './support/devnet.ts';

const root = join(import.meta.dirname, '..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');

/** The lines of the block of shell commands marked `<!-- test: name -->`. */
function commands(name: string): string[] {
  const block = new RegExp(`<!-- test: ${name} -->\\n\`\`\`sh\\n([\\s\\S]*?)\`\`\``).exec(readme)?.[1];
  if (block === undefined) throw new Error(`the README has no commands "${name}"`);
  return block.trim().split('\n');
}

describe('the README', () => {
  let devnet: TestDevnet;
  const folder = temporaryFolder();

  beforeAll(async () => {
    devnet = await TestDevnet.start(4);
  });

  afterAll(async () => {
    await devnet?.stop();
    folder.clean();
  });

  /** Runs a line as it stands, but on the network of this test. */
  async function shell(line: string): Promise<string> {
    const { code, stdout, stderr } = await run('sh', ['-c', line.replaceAll('.varve/devnet', devnet.directory)], {
      cwd: root,
      env: { VARVE_DATA: devnet.directory },
      timeoutMs: 90_000,
    });
    expect({ line, code, stderr: code === 0 ? '' : stderr }).toEqual({ line, code: 0, stderr: '' });
    return stdout;
  }

  it('has a quick start whose commands work as they stand', async () => {
    const outputs: string[] = [];
    for (const line of commands('quick-start')) {
      outputs.push(await shell(line));
      if (line.includes('kill leader')) {
        await eventually('another leader', async () => {
          const states = await Promise.all(
            [1, 2, 3, 4].map((_, i) =>
              devnet
                .client(i)
                .status()
                .catch(() => undefined),
            ),
          );
          return states.some((status) => status?.role === 'leader');
        });
      }
    }
    expect(outputs[1]).toContain('world');
    expect(outputs[2]).toContain('raft');
  });

  it('shows how to check a receipt', async () => {
    const { transactionId } = await devnet
      .client(await alive())
      .submitRaw([{ module: 'coordination', method: 'create', arguments: ['/receipt', new Uint8Array(1)] }]);
    const file = join(folder.path, 'receipt.cbor');
    for (const line of commands('receipt')) {
      await shell(line.replace('TRANSACTION_ID', String(transactionId)).replaceAll('receipt.cbor', file));
    }
    const [checkpoint, url] = [join(folder.path, 'mine.checkpoint'), devnet.members[await alive()]?.httpUrl ?? ''];
    for (const line of commands('checkpoint')) {
      const own = line.replaceAll('mine.checkpoint', checkpoint).replace('http://127.0.0.1:7701', url);
      await shell(own.replaceAll('receipt.cbor', file));
    }
  });

  it('shows how to simulate', async () => {
    const lines = commands('simulate').map((line) => line.replace('seed-17.html', join(folder.path, 'seed-17.html')));
    for (const line of lines) expect(await shell(line)).toMatch(/^violations +0$/m);
    expect(readFileSync(join(folder.path, 'seed-17.html'), 'utf8')).toContain('<svg');
  });

  it('shows examples that are those tested here', async () => {
    const shown = [...readme.matchAll(/<!-- example: (\S+) -->\n```ts\n([\s\S]*?)```/g)];
    expect(shown.map(([, file]) => file)).toEqual(['examples/submit.ts', 'examples/verify.ts']);
    for (const [, file = '', text] of shown) expect(text).toBe(readFileSync(join(root, file), 'utf8'));
    const { accounts, chainId, passphraseFile } = devnet.file;
    const url = devnet.members[await alive()]?.httpUrl ?? '';
    const id = await submitAndFollow(url, accounts[0]?.keyFile ?? '', passphraseFile, '/orders-1');
    expect(id).toMatch(/^[0-9a-f]{64}$/);
    expect((await verifyTransaction(url, chainId, id)).at(-1)).toMatch(/^The outcome is OK\. It holds unless /);
    await expect(verifyTransaction(url, 'ab'.repeat(32), id)).rejects.toThrow(`it is of chain ${chainId}`);
    for (const line of commands('example-verify')) {
      const own = line.replace('http://127.0.0.1:7701', url).replace('TRANSACTION_ID', id);
      expect(await shell(own.replace('CHAIN_ID', chainId))).toContain('✓ It is of the chain that you trust.');
      const wrong = await run('sh', ['-c', own.replace('CHAIN_ID', 'ab'.repeat(32))], { cwd: root });
      expect(wrong).toMatchObject({ code: 1, stderr: expect.stringContaining(`it is of chain ${chainId}`) });
    }
    for (const line of commands('example')) {
      expect(await shell(line.replace('http://127.0.0.1:7701', url))).toMatch(/^[0-9a-f]{64}\n$/);
    }
  });

  /** The position of a validator that answers: one was killed on the way. */
  async function alive(): Promise<number> {
    for (let i = 0; i < 4; i++)
      if (
        await devnet
          .client(i)
          .status()
          .then(
            () => true,
            () => false,
          )
      )
        return i;
    throw new Error('no validator answers');
  }
});
