import { signal } from '@preact/signals';

const PLACE = 'varve-chain-id';

/** The chain id that the reader has from somewhere else than this node, kept in this browser. */
export const pinnedChainId = signal<string | undefined>(read());

/** Keeps a chain id, or forgets it. */
export function pinChainId(id: string | undefined): void {
  pinnedChainId.value = id;
  try {
    if (id === undefined) localStorage.removeItem(PLACE);
    else localStorage.setItem(PLACE, id);
  } catch {
    // A browser that keeps nothing still knows it as long as the page is open.
  }
}

function read(): string | undefined {
  try {
    const kept = localStorage.getItem(PLACE) ?? '';
    return isChainId(kept) ? kept : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a text is 32 bytes in lower-case hexadecimal. */
export function isChainId(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text);
}
