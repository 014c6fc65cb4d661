import { decodeCbor, toHex, utf8Decode } from '@varve/encoding';
import type { StateReader } from '@varve/ledger';
import {
  decodeAccount,
  decodeAsset,
  decodeBalance,
  decodeNode,
  decodeProposal,
  decodeReadyMark,
  familyIn,
} from '@varve/modules';
import { timeJson, valueJson } from './json.ts';

const ACCOUNT_BYTES = 32;
const KEY_BYTES = 32;

/** A state value in readable form; null where the node does not know its kind. */
export function decodedValue(module: string, key: Uint8Array, bytes: Uint8Array, state: StateReader): unknown {
  const tag = String.fromCharCode(key[0] ?? 0);
  const rest = key.subarray(1);
  switch (`${module}/${tag}`) {
    case 'accounts/a': {
      const { organization, roles, keys } = decodeAccount(bytes);
      return { kind: 'account', accountId: toHex(rest), organization, roles, keys: keys.map(toHex) };
    }
    case 'accounts/k':
      return { kind: 'key', publicKey: toHex(rest), accountId: toHex(bytes) };
    case 'accounts/o':
      return { kind: 'organization', name: utf8Decode(rest) ?? null, content: valueJson(decodeCbor(bytes)) };
    case 'accounts/n':
      return { kind: 'node', networkKey: toHex(rest), ...decodeNode(bytes) };
    case 'coordination/n': {
      const path = utf8Decode(rest);
      if (path === undefined) return null;
      return { kind: 'node', path, text: utf8Decode(bytes) ?? null, children: familyIn(state, path).children };
    }
    case 'assets/a': {
      const { title, decimals, organization, supply } = decodeAsset(bytes);
      return { kind: 'asset', name: utf8Decode(rest) ?? null, title, decimals, organization, supply: String(supply) };
    }
    case 'assets/b':
      return {
        kind: 'balance',
        accountId: toHex(rest.subarray(0, ACCOUNT_BYTES)),
        asset: utf8Decode(rest.subarray(ACCOUNT_BYTES)) ?? null,
        amount: String(decodeBalance(bytes)),
      };
    case 'governance/p': {
      const { configuration, time, ...proposal } = decodeProposal(bytes);
      const fields = { ...proposal, time: timeJson(time), configuration: toHex(configuration) };
      return { kind: 'proposal', proposalId: toHex(rest), ...fields };
    }
    case 'governance/r': {
      const { time, ...mark } = decodeReadyMark(bytes);
      return { kind: 'ready', signingKey: toHex(rest.subarray(0, KEY_BYTES)), ...mark, time: timeJson(time) };
    }
    default:
      return null;
  }
}
