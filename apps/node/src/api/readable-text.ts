import { utf8Decode } from '@varve/encoding';

/** No control characters; UTF-16 halves of characters beyond the basic plane are within the range. */
const SHOWN = /^[\x20-\x7e\u00a0-\uffff]*$/;

/** Bytes as text where they are text that shows as such; else undefined, and hexadecimal is what tells most. */
export function readableText(bytes: Uint8Array): string | undefined {
  const text = utf8Decode(bytes);
  return text !== undefined && SHOWN.test(text) ? text : undefined;
}
