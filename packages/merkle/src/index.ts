export { MerkleError, type MerkleErrors } from './errors.ts';
export { Fingerprints } from './fingerprints.ts';
export { MerkleLog } from './merkle-log.ts';
export { consistencyProof, inclusionProof, verifyConsistency, verifyInclusion } from './merkle-path.ts';
export { merkleRoot, RootBuilder } from './merkle-root.ts';
export {
  decodeStateProof,
  encodeStateProof,
  STATE_DEPTH_MAX,
  type StateProof,
  type StateProofEnd,
  type StateVerdict,
  verifyStateProof,
} from './state-proof.ts';
export { type StateChange, StateTree } from './state-tree.ts';
export { type StateEntry, StateVersion } from './state-version.ts';
export { EMPTY_ROOT, leafHash, nodeHash } from './tree-hash.ts';
