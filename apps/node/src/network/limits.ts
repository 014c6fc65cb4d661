const KIB = 1024;
const MIB = 1024 * KIB;

/** Largest packet, and so the largest allocation a peer can cause on a stream. */
export const PACKET_BYTES_MAX: number = 8 * MIB;
/** Largest gossip message. */
export const GOSSIP_BYTES_MAX: number = 8 * MIB;
/** What may wait for one peer before packets to it are dropped. */
export const WRITE_BUFFER_BYTES_MAX: number = 16 * MIB;
/** Streams of any other protocol are reset by the multiplexer when this much waits. */
export const STREAM_BUFFER_BYTES_MAX: number = 2 * WRITE_BUFFER_BYTES_MAX;
/** What may wait below the streams of one connection: their windows, and answers to a peer that does not read. */
export const SOCKET_BUFFER_BYTES_MAX: number = 64 * MIB;
/** Flow-control window of a stream; more than this much unread data never reaches us. */
export const STREAM_WINDOW_BYTES_MAX: number = 4 * MIB;

/** Inbound packet streams of one connection: one is in use, another may be dying. */
export const PACKET_STREAMS_MAX = 3;
/** Streams of all protocols of one connection, in each direction. */
export const STREAMS_MAX = 32;
/** Two when both sides dial at once, and room for ones not yet known to be dead. */
export const CONNECTIONS_PER_PEER_MAX = 4;
export const CONNECTIONS_MAX = 256;
/** Connections whose handshake has not finished. */
export const PENDING_CONNECTIONS_MAX = 128;
/** Per second and host. The library's 5 breaks clusters that share an address; members are told apart by key. */
export const INBOUND_CONNECTIONS_PER_SECOND_MAX = 1_000;

export const DIAL_TIMEOUT_MS = 5_000;
export const UPGRADE_TIMEOUT_MS = 5_000;
/** Connections of one peer that open within this of each other may be dials that crossed. */
export const CROSSING_DIALS_MS = 5_500;
export const STREAM_OPEN_TIMEOUT_MS = 5_000;
export const BACKOFF_MS_MIN = 100;
export const BACKOFF_MS_MAX = 2_000;
/** A stream that died younger than this is not simply opened again. */
export const STREAM_LIFE_MS_MIN = 1_000;
/** How long a disconnected peer stays out. */
export const COOL_DOWN_MS = 5_000;
/** Bytes wait and none leaves for this long: the peer does not read. */
export const STALL_MS = 10_000;
export const SWEEP_INTERVAL_MS = 1_000;
export const PING_INTERVAL_MS = 5_000;
/** No answer to a ping for this long ends the connection. Generous: our own event loop may be the slow one. */
export const PING_TIMEOUT_MS = 10_000;

/** On `stop`: to let what is buffered leave, and then for everything else. Together under 2 s. */
export const STOP_FLUSH_MS = 300;
export const STOP_MS_MAX = 1_200;
