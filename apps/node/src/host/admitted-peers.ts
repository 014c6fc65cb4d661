import { fromHex, type PublicKeyHex } from '@varve/encoding';
import { type Ledger, RecordDamaged } from '@varve/ledger/chain';
import { nodeIn } from '@varve/modules';

/**
 * Whose connections are taken, by network key: of the configured peers, of nodes that are registered and not revoked, and of
 * whoever had a seat in the ledger's configurations.
 * @param failed - Told where that cannot be read; nobody is let in then.
 */
export function admittedPeers(
  ledger: Ledger,
  configured: ReadonlySet<string>,
  failed: (code: string, detail: string) => void,
): (networkKey: PublicKeyHex) => boolean {
  return (networkKey) => {
    if (configured.has(networkKey)) return true;
    try {
      const registered = nodeIn(ledger, fromHex(networkKey));
      return registered ? !registered.revoked : ledger.configurations.hasSeated(networkKey);
    } catch (error) {
      if (!(error instanceof RecordDamaged)) throw error;
      failed(error.code, error.message);
      return false;
    }
  };
}
