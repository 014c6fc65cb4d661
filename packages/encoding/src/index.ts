export type {
  AccountId,
  BlockHash,
  Brand,
  ChainId,
  ConfigurationHash,
  Height,
  InstanceId,
  NodeId,
  PayloadId,
  PublicKeyHex,
  TransactionId,
} from './brands.ts';
export {
  accountId,
  blockHash,
  chainId,
  configurationHash,
  height,
  instanceId,
  nodeId,
  payloadId,
  publicKeyHex,
  transactionId,
} from './brands.ts';
export { bytesEqual, compareBytes, concatBytes, copyBytes, latin1, utf8Decode, utf8Encode } from './bytes.ts';
export { decodeCbor, encodeCbor } from './cbor.ts';
export { EncodingError, type EncodingErrors } from './errors.ts';
export { fromHex, isHex, toHex, writeHex } from './hex.ts';
export { IdMap } from './id-map.ts';
export type { CborValue } from './reader.ts';
export { CBOR_DEPTH_MAX, CborReader } from './reader.ts';
export { RecentMap } from './recent-map.ts';
export { Scratch } from './scratch.ts';
export { SharedMemory, sharedBytes, sharedCopy } from './shared-memory.ts';
export { CborWriter } from './writer.ts';
