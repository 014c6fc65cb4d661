import { sha256, sha256Hex } from '@varve/crypto';
import {
  blockHash,
  configurationHash,
  height,
  instanceId,
  type NodeId,
  nodeId,
  payloadId,
  publicKeyHex,
  utf8Encode,
} from '@varve/encoding';
import type { Configuration, ProtocolName } from '../configuration.ts';
import {
  type Anchor,
  ENGINE_TIMING_DEFAULT,
  ENGINE_WINDOW_DEFAULT,
  type EngineOptions,
  type Entry,
  type Epoch,
  type Payload,
} from '../contract.ts';
import { EPOCH_ZERO } from '../epoch.ts';

/** The first `n` of `a`, `b`, …; at most 26. */
export function names(n: number): readonly NodeId[] {
  return Array.from({ length: n }, (_, i) => nodeId(String.fromCharCode(97 + i)));
}

/** Of `text`: where a fixture needs bytes that no other has, such as a seed. */
export function hashOf(text: string): Uint8Array {
  return sha256(utf8Encode(text));
}

function hexOf(text: string): string {
  return sha256Hex(utf8Encode(text));
}

/** `n` validators under `protocol`, with keys that sign nothing. */
export function configurationOf(protocol: ProtocolName, n: number): Configuration {
  return {
    number: 0,
    parentHash: configurationHash('0'.repeat(64)),
    protocol,
    validators: names(n).map((name) => ({
      name,
      organization: name,
      signingKey: publicKeyHex(hexOf(`signing/${name}`)),
      networkKey: publicKeyHex(hexOf(`network/${name}`)),
    })),
    parameters: {
      rules: 1,
      transactionBytesMax: 65536,
      payloadBytesMax: 1048576,
      operationsMax: 64,
      keyBytesMax: 512,
      valueBytesMax: 32768,
      validityMs: 600000,
      timeFloor: null,
      policies: [],
    },
  };
}

/** @param size - At least so many bytes; zeros follow the text. */
export function payloadOf(text: string, size = 0): Payload {
  const start = utf8Encode(text);
  const bytes = new Uint8Array(Math.max(size, start.length));
  bytes.set(start);
  return { id: payloadId(sha256Hex(bytes)), bytes };
}

/** The block at `index`, where every index makes a block. */
export function anchorAt(index: number, epoch: Epoch): Anchor {
  return { index, epoch, height: height(index), blockHash: blockHash(hexOf(`block/${index}`)) };
}

/** Where every log starts. */
export const GENESIS: Anchor = anchorAt(0, EPOCH_ZERO);

/** An entry first proposed in epoch `number` of `node`; `text` absent: a no-op. */
export function entryOf(index: number, number: number, node: NodeId, text?: string): Entry {
  const epoch = { number, node };
  return text === undefined ? { index, epoch } : { index, epoch, payload: payloadOf(text) };
}

/** Default timing and window, and a seed of its own for each `(self, seed)`. */
export function optionsOf(self: NodeId, seed: number | string, more: Partial<EngineOptions> = {}): EngineOptions {
  return {
    self,
    instance: instanceId(hexOf('instance')),
    seed: hashOf(`${self}/${seed}`),
    timing: ENGINE_TIMING_DEFAULT,
    window: ENGINE_WINDOW_DEFAULT,
    ...more,
  };
}
