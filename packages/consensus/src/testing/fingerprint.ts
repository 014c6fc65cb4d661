import { toHex } from '@varve/encoding';

/** Text that two values share only if they are equal in all that JSON and bytes can tell. */
export function fingerprint(value: unknown): string {
  return JSON.stringify(value, (_, part) => (part instanceof Uint8Array ? toHex(part) : part));
}
