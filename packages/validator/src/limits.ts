/** A peer packet holds at most this many bytes; the transport enforces it before allocating. */
export const PACKET_BYTES_MAX: number = 8 * 1024 * 1024;
/** Messages in one packet. */
export const PACKET_MESSAGES_MAX = 256;
/** Messages a member may send in a second; more are a flood, and the link is cut. */
export const MEMBER_MESSAGES_PER_SECOND_MAX = 20_000;
/** Messages any other peer may send in a second. */
export const PEER_MESSAGES_PER_SECOND_MAX = 1000;
/** A peer's block requests are answered at least this far apart; of those that come meanwhile the last counts. */
export const SERVE_INTERVAL_MS = 20;
/** Barriers that one peer may wait for at once. */
export const PEER_BARRIERS_MAX = 500;
/** Transactions in one message between peers. */
export const TRANSACTIONS_PER_MESSAGE_MAX = 1024;
/** Bytes of transactions in one message between peers. */
export const TRANSACTIONS_MESSAGE_BYTES_MAX: number = 1024 * 1024;
/** Blocks in one answer to a block request; more only up to the next certificate. */
export const SYNC_BLOCKS_TARGET = 64;
/** No answer to a block request has more blocks. */
export const SYNC_BLOCKS_MAX = 1024;
/** Bytes of blocks after which an answer to a block request ends; more only up to the next certificate. */
export const SYNC_BYTES_TARGET: number = 2 * 1024 * 1024;
/** No answer to a block request has more bytes of payloads. */
export const SYNC_BYTES_MAX: number = 6 * 1024 * 1024;
/** Records of evidence that a node keeps, and those in one message; whatever comes later is not kept. */
export const EVIDENCE_MAX = 128;
/** Records kept of one signing key. */
export const EVIDENCE_PER_VALIDATOR_MAX = 8;
/** Records of one peer that wait for a configuration which this node does not know yet: all that a correct one can have. */
export const EVIDENCE_WAITING_PER_PEER_MAX = 128;
/** Messages with evidence that a peer may send over one link: what it has, then each new record once, and then some. */
export const EVIDENCE_MESSAGES_MAX: number = 2 * EVIDENCE_MAX;
/** How long an answer to a block request may take before another peer is asked; milliseconds. */
export const SYNC_TIMEOUT_MS = 3000;
/** How long a validator waits for its own engine before it fetches what others hold certified; milliseconds. */
export const SYNC_PATIENCE_MS = 2000;
/** `Hello` goes to every peer this often, milliseconds. */
export const HELLO_INTERVAL_MS = 1000;
/** A `Hello` older than this says nothing of the peer's clock; milliseconds. */
export const HELLO_FRESH_MS = 3000;
/** How far a clock may differ from the lower median of the members' before its validator builds nothing; milliseconds. */
export const CLOCK_SKEW_MS_MAX = 2000;
/** Transactions executed before other events get their turn. */
export const EXECUTION_SLICE_TRANSACTIONS = 128;
/** Payloads kept decoded between their arrival and their execution, bytes. */
export const OPENED_PAYLOADS_BYTES_MAX: number = 8 * 1024 * 1024;
/** Slices of execution in one step. */
export const SLICES_PER_STEP = 4;
/** No payload is built while this many executed blocks lack a certificate, */
export const UNCERTIFIED_BLOCKS_MAX = 1000;
/** or while their payloads have this many bytes together. */
export const UNCERTIFIED_BYTES_MAX: number = 64 * 1024 * 1024;
/** While a payload is in flight, the next is built when this many transactions wait, */
export const BUILD_TRANSACTIONS = 500;
/** or when the oldest has waited this long; milliseconds. */
export const BUILD_WAIT_MS = 25;
/** Newest certificates in which, at a start, the last seal of each member is looked for. */
export const CERTIFICATES_REMEMBERED_MAX = 1000;
/** Seals are kept for blocks this far above the tip. */
export const SEALS_AHEAD_MAX = 1024;
/** Own seals sent again to a peer that lacks certificates, at each `Hello`. */
export const SEALS_RESENT_MAX = 64;
/** Ids of one offer that are looked up among those executed, which may cost a read for each segment of the index. */
export const OFFER_LOOK_UPS_MAX = 32;
/** A transaction of ours still waiting after this long is offered again to whoever leads; milliseconds. */
export const OFFER_AGAIN_MS = 1000;
/** The journal is contiguous over at least this many bytes written last. */
export const JOURNAL_BYTES: number = 32 * 1024 * 1024;
/** Read barriers waiting at once. */
export const BARRIERS_MAX = 10_000;
/** A read barrier without an answer ends after this long; milliseconds. */
export const BARRIER_TIMEOUT_MS = 3000;
/** Verdicts on signed votes and proposals that are remembered. */
export const STATEMENT_VERDICTS_MAX = 8192;
/** Bytes of a signed vote or proposal, or of a seal, that a peer shows. */
export const STATEMENT_BYTES_MAX = 512;
/** Two boot ids of one key are held against it for this long after the last was seen; milliseconds. */
export const TWICE_MEMORY_MS = 10_000;
/** Boot ids of a peer that later ones replaced: as many are remembered. */
export const RETIRED_BOOTS_MAX = 16;
/** A peer that speaks of another instance is told where this node stands no more often, milliseconds. */
export const CORRECTION_INTERVAL_MS = 100;
