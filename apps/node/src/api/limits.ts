const KIB = 1024;
const MIB = 1024 * KIB;

/** Largest body of one transaction, and the smallest limit that fits any configuration. */
export const TRANSACTION_BODY_BYTES_MAX: number = 1 * MIB;
/** Largest body of many transactions. */
export const SEQUENCE_BODY_BYTES_MAX: number = 4 * MIB;
/** Largest JSON body: what `JSON.parse` needs for this cannot hold the process up, however deeply it is nested. */
export const JSON_BODY_BYTES_MAX: number = 256 * KIB;
/** A refused body up to this length is read to its end, so that its client gets the answer. */
export const DROPPED_BYTES_MAX: number = 64 * MIB;
/** Most transactions of one request. */
export const SEQUENCE_TRANSACTIONS_MAX = 1_000;

export const HEADERS_BYTES_MAX: number = 8 * KIB;
/** For a client to send its request's head, and all of it. Answers may take longer. */
export const HEADERS_TIMEOUT_MS = 10_000;
export const REQUEST_TIMEOUT_MS = 15_000;
/** An idle connection stays this long. */
export const KEEP_ALIVE_MS = 5_000;
/** How often overdue connections are looked for. */
export const CONNECTIONS_CHECK_MS = 2_000;
export const CONNECTIONS_MAX = 256;
/** When the API closes: for answers under way to leave. */
export const CLOSE_GRACE_MS = 1_000;

/** How long a submission waits at most when it does not say. */
export const WAIT_MS_DEFAULT = 30_000;
export const WAIT_MS_MAX = 120_000;
/** Transactions whose submitters wait, over all requests. */
export const WAITING_TRANSACTIONS_MAX = 50_000;
/** How long a read waits for `Varve-Min-Height`, or for the height a barrier gave. */
export const HEIGHT_WAIT_MS = 5_000;

export const BLOCKS_PAGE_DEFAULT = 20;
export const BLOCKS_PAGE_MAX = 100;

export const EVIDENCE_PAGE_DEFAULT = 20;
export const EVIDENCE_PAGE_MAX = 100;

/** Event streams at once; the rest of `CONNECTIONS_MAX` stays for requests. */
export const EVENT_STREAMS_MAX = 128;
export const HEARTBEAT_MS = 15_000;
/** An event stream whose reader takes nothing for this long is cut. */
export const EVENT_STALL_MS = 60_000;
/** What browsers wait before they connect again. */
export const EVENT_RETRY_MS = 1_000;

/** Longest text to search for: an id has 64 characters. */
export const SEARCH_LENGTH_MAX = 128;
/** Validators found by name. */
export const SEARCH_VALIDATORS_MAX = 20;

/** Files of the explorer, all told. */
export const EXPLORER_FILES_MAX = 1_000;

/** A node that knows of more blocks than this beyond its final height is not ready. */
export const READY_UNCERTIFIED_MAX = 1_000;
/** A validator this far behind its best peer is not ready. */
export const READY_BEHIND_MAX = 100;
