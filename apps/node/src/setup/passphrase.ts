import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { SetupError } from './errors.ts';
import { readText } from './files.ts';

/** Where a passphrase may come from; the first that is given counts. */
export interface PassphraseSource {
  /** A file whose first line is the passphrase. */
  readonly file: string | undefined;
  /** The key file, for messages. */
  readonly keyFile: string;
  /** A new key: the passphrase is asked for twice. */
  readonly isNew?: boolean;
}

/**
 * The passphrase of a key file: from a file, or typed without an echo. Never from an argument, which others can see.
 * @throws {SetupError} `PASSPHRASE_NEEDED` when there is no file and no terminal, `PASSPHRASE_DIFFERS`, `FILE_FAILED`.
 */
export async function readPassphrase(source: PassphraseSource): Promise<string> {
  if (source.file !== undefined) {
    const [first = ''] = readText(source.file).split(/\r?\n/, 1);
    if (first !== '') return first;
    throw new SetupError('PASSPHRASE_NEEDED', `the first line of ${source.file} is empty`, { path: source.keyFile });
  }
  if (!process.stdin.isTTY || !process.stderr.isTTY)
    throw new SetupError('PASSPHRASE_NEEDED', `${source.keyFile} needs a passphrase`, { path: source.keyFile });
  const passphrase = await ask(`Passphrase of ${source.keyFile}: `);
  if (passphrase === '') throw new SetupError('PASSPHRASE_NEEDED', 'the passphrase is empty', { path: source.keyFile });
  if (source.isNew && (await ask('Again: ')) !== passphrase)
    throw new SetupError('PASSPHRASE_DIFFERS', 'the two passphrases differ', {});
  return passphrase;
}

function ask(question: string): Promise<string> {
  process.stderr.write(question);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const prompt = createInterface({ input: process.stdin, output: silent, terminal: true });
  return new Promise((resolve, reject) => {
    prompt.once('SIGINT', () => {
      prompt.close();
      reject(new SetupError('PASSPHRASE_NEEDED', 'interrupted', { path: '' }));
    });
    prompt.question('', (answer) => {
      prompt.close();
      process.stderr.write('\n');
      resolve(answer);
    });
  });
}
