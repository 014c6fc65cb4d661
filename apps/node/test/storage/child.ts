// Run by level-store.test.ts in a process of its own; prints one line of JSON.
// Arguments: `open PATH`, `open-unprivileged PATH`, `fill PATH`.
import { LevelStore, StoreError } from '../../src/storage/index.ts';

const VALUE_BYTES = 64 * 1024;
const COMMITS_MAX = 200;
/** By convention a user that owns nothing; `root` is forbidden nothing. */
const NOBODY = 65_534;

async function main(command: string, path: string): Promise<unknown> {
  if (command === 'open-unprivileged' && process.getuid?.() === 0) process.setuid?.(NOBODY);
  const store = await LevelStore.open(path);
  if (command !== 'fill') {
    await store.close();
    return { opened: true };
  }
  let acknowledged = 0;
  const codes: string[] = [];
  for (let i = 0; i < COMMITS_MAX && codes.length < 3; i++) {
    try {
      await store.commit([{ key: Uint8Array.of(i >> 8, i & 255), value: new Uint8Array(VALUE_BYTES).fill(i) }]);
      acknowledged++;
    } catch (error) {
      codes.push(error instanceof StoreError ? error.code : String(error));
    }
  }
  let read = 'value';
  try {
    store.get(Uint8Array.of(0, 0));
  } catch (error) {
    read = error instanceof StoreError ? error.code : String(error);
  }
  return { acknowledged, codes, read };
}

const [command = '', path = ''] = process.argv.slice(2);
main(command, path).then(
  (result) => process.stdout.write(`${JSON.stringify(result)}\n`),
  (error: unknown) =>
    process.stdout.write(`${JSON.stringify({ code: error instanceof StoreError ? error.code : String(error) })}\n`),
);
