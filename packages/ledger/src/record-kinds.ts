/** First byte of every stored key: which kind of record it is. */
export const RECORD_KIND = {
  /** Which chain, format and validator this store belongs to. */
  meta: 0x4d, // M
  /** Heights reached: the tip, the final height, what the engine applied. */
  tip: 0x41, // A
  header: 0x48, // H
  /** Block hash → height. */
  heightOf: 0x4b, // K
  certificate: 0x43, // C
  payload: 0x50, // P
  /** Leaves, results and timer events of a block. */
  index: 0x58, // X
  /** Values that a block replaced. */
  undo: 0x55, // U
  /** Where transactions stand: pages of an index. */
  places: 0x4c, // L
  /** The place of one transaction, in stores of format 1. */
  transaction: 0x54, // T
  state: 0x53, // S
  configuration: 0x47, // G
  journal: 0x4a, // J
  engineEntry: 0x45, // E
  engineState: 0x56, // V
  evidence: 0x59, // Y
} as const;
