import { keptIn } from '@varve/audit';
import { type AccountId, fromHex } from '@varve/encoding';
import { decodeStateEntry } from '@varve/ledger';
import { stateKey } from '@varve/ledger/chain';
import { accountDirectory, accountIdOf, accountKey, decodeAccount } from '@varve/modules';
import type { AuditCopy } from './copy.ts';

/**
 * The organization of each account, by the genesis document and the newest state of a copy. An account is never deleted
 * and never moves to another organization, so that the newest state is right for every block.
 */
export class Organizations {
  readonly #copy: AuditCopy;
  readonly #known = new Map<AccountId, string | undefined>();

  constructor(copy: AuditCopy) {
    this.#copy = copy;
    for (const { publicKey, organization } of copy.genesis.accounts)
      this.#known.set(accountIdOf(fromHex(publicKey)), organization);
  }

  /** Undefined where the copy's record of the account cannot be read. */
  of(account: AccountId): string | undefined {
    if (!this.#known.has(account)) this.#known.set(account, this.#read(account));
    return this.#known.get(account);
  }

  #read(account: AccountId): string | undefined {
    const { derived } = this.#copy;
    const kept = derived && keptIn(derived, stateKey(accountDirectory.module, accountKey(account)));
    if (kept === undefined || typeof kept === 'string') return undefined;
    try {
      return decodeAccount(decodeStateEntry(kept).bytes).organization;
    } catch {
      return undefined;
    }
  }
}
