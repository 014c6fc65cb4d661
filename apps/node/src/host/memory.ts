import { setFlagsFromString } from 'node:v8';

/** How far the heap may grow beyond what lives before old objects are collected, percent. */
const HEAP_GROWING_PERCENT = 100;

/**
 * Keeps resident memory near what is really used. By default the engine lets garbage grow to several times that on a
 * machine with much memory, and a validator shares its machine; the price is a few percent of processor time.
 */
export function boundMemory(): void {
  setFlagsFromString(`--heap-growing-percent=${HEAP_GROWING_PERCENT}`);
}
