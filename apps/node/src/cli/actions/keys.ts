import { createKeyFile, type KeyKind, type PublicParts, readPublicParts } from '../../setup/key-material.ts';
import { readPassphrase } from '../../setup/passphrase.ts';
import type { Action } from '../command.ts';
import { usage } from '../failure.ts';
import { pairs } from '../printer.ts';

/** `keys new`. */
export const newKeys: Action = async ({ printer }, _args, options) => {
  const path = options.text('out') ?? '';
  if (options.flag('account') && options.flag('observer')) throw usage('--account and --observer exclude each other');
  const kind: KeyKind = options.flag('account') ? 'account' : options.flag('observer') ? 'observer' : 'validator';
  const file = options.text('passphraseFile');
  const passphrase = await readPassphrase({ file, keyFile: path, isNew: true });
  const [name, organization] = [options.text('name'), options.text('organization')];
  const parts = createKeyFile(path, kind, passphrase, {
    ...(name !== undefined && { name }),
    ...(organization !== undefined && { organization }),
  });
  printer.talk(`wrote ${path}: keep it and its passphrase, neither can be made again`);
  printer.result(parts, describe(parts));
  return undefined;
};

/** `keys show`. */
export const showKeys: Action = async ({ printer }, [path = '']) => {
  const parts = readPublicParts(path);
  printer.result(parts, describe(parts));
  return undefined;
};

function describe(parts: PublicParts): string {
  return pairs([
    ['name', parts.name],
    ['organization', parts.organization],
    ['signing key', parts.signingKey],
    ['network key', parts.networkKey],
    ['account key', parts.accountKey],
    ['account id', parts.accountId],
  ]);
}
