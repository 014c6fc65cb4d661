import type { Epoch } from '@varve/consensus';
import {
  CborReader,
  type ChainId,
  type ConfigurationHash,
  chainId,
  configurationHash,
  encodeCbor,
  fromHex,
  type InstanceId,
  instanceId,
  type PublicKeyHex,
  publicKeyHex,
  toHex,
} from '@varve/encoding';
import { epochValue, readEpoch, readingAs, VALIDATORS_MAX } from '@varve/ledger';

/** What a node has seen one signing key vouch for as durable, and seal. */
export interface Witness {
  readonly signingKey: PublicKeyHex;
  readonly instance: InstanceId;
  readonly epoch: Epoch;
  readonly index: number;
  readonly sealedHeight: number;
}

/** What every node tells every peer each second: FORMATS `hello`. */
export interface Hello {
  readonly chainId: ChainId;
  readonly configurationHash: ConfigurationHash;
  readonly height: number;
  readonly finalHeight: number;
  /** 16 random bytes of this run, in hexadecimal. */
  readonly bootId: string;
  /** Wall clock, Unix milliseconds. */
  readonly clock: number;
  /** The newest version of the execution rules this node knows. */
  readonly rules: number;
  readonly witnesses: readonly Witness[];
}

export function encodeHello(hello: Hello): Uint8Array {
  return encodeCbor([
    1,
    fromHex(hello.chainId),
    fromHex(hello.configurationHash),
    hello.height,
    hello.finalHeight,
    fromHex(hello.bootId),
    hello.clock,
    hello.rules,
    hello.witnesses.map((witness) => [
      fromHex(witness.signingKey),
      fromHex(witness.instance),
      epochValue(witness.epoch),
      witness.index,
      witness.sealedHeight,
    ]),
  ]);
}

/** @throws {LedgerError} `RECORD_MALFORMED`. */
export function decodeHello(bytes: Uint8Array): Hello {
  return readingAs('RECORD_MALFORMED', () => {
    const reader = new CborReader(bytes);
    reader.array(9);
    reader.exactly(1);
    const hello: Hello = {
      chainId: chainId(toHex(reader.byteString(32))),
      configurationHash: configurationHash(toHex(reader.byteString(32))),
      height: reader.uint(),
      finalHeight: reader.uint(),
      bootId: toHex(reader.byteString(16)),
      clock: reader.uint(),
      rules: reader.uint(),
      witnesses: reader.list((inner) => {
        inner.array(5);
        return {
          signingKey: publicKeyHex(toHex(inner.byteString(32))),
          instance: instanceId(toHex(inner.byteString(32))),
          epoch: readEpoch(inner),
          index: inner.uint(),
          sealedHeight: inner.uint(),
        };
      }, VALIDATORS_MAX),
    };
    reader.end();
    return hello;
  });
}
