import type { Model } from './search.ts';

/** What happens to one register: it is set (`null`: deleted), or read. */
export interface RegisterAction {
  readonly kind: 'write' | 'read';
  readonly value: string | null;
}

/**
 * One key of the ledger as a register: a read returns what was written last.
 * @param initial - Its value before the history; `null`: it did not exist.
 */
export function registerModel(initial: string | null): Model<string | null, RegisterAction> {
  return {
    initial,
    step: (state, { kind, value }) => (kind === 'write' || value === state ? value : undefined),
    isRead: ({ kind }) => kind === 'read',
    key: (state) => (state === null ? '' : `=${state}`),
  };
}
