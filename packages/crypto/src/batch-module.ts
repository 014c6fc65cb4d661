import { BATCH_MODULE } from './generated/batch-module.ts';

/** An exported constant. */
interface Constant {
  readonly value: number;
}

/** The part of the WebAssembly JavaScript interface that is used: TypeScript knows it only together with the whole DOM. */
declare const WebAssembly: {
  validate(bytes: Uint8Array): boolean;
  instantiate(bytes: Uint8Array): Promise<{ readonly instance: { readonly exports: unknown } }>;
};

/** What `assembly/batch.ts` exports; addresses are in its memory. */
export interface BatchExports {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly SIGNATURES_MAX: Constant;
  readonly KEYS_MAX: Constant;
  readonly MESSAGE_BYTES_MAX: Constant;
  readonly KEY: Constant;
  readonly MESSAGE: Constant;
  readonly SIGNATURE: Constant;
  readonly COEFFICIENTS: Constant;
  prepare(): void;
  loadKey(slot: number): number;
  begin(): void;
  add(slot: number, messageBytes: number): number;
  check(): number;
}

/** The WebAssembly module's bytes. */
export function batchModuleBytes(): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(BATCH_MODULE), (character) => character.charCodeAt(0));
}

/** Whether this engine takes the module: it needs vectors, which browsers have since 2023 and V8 where the processor does. */
export function isBatchSupported(): boolean {
  return WebAssembly.validate(batchModuleBytes());
}

/** A fresh instance, prepared. Browsers compile it beside their main thread. Rejects where it is not supported. */
export async function instantiateBatch(): Promise<BatchExports> {
  const { instance } = await WebAssembly.instantiate(batchModuleBytes());
  const exports = instance.exports as BatchExports;
  exports.prepare();
  return exports;
}
