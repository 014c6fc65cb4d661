/** The JSON of the HTTP API. Byte strings are lower-case hex, amounts decimal strings, times RFC 3339. */

/** A CBOR value in JSON: byte strings have become hex text. */
export type JsonValue = number | string | boolean | null | readonly JsonValue[];

export interface EpochAnswer {
  readonly number: number;
  /** Empty at number 0. */
  readonly node: string;
}

export interface ConfigurationAnswer {
  readonly number: number;
  readonly hash: string;
  readonly parentHash: string;
  readonly protocol: string;
  readonly faultModel: 'crash' | 'byzantine';
  /** How many seals make a certificate. */
  readonly quorum: number;
  /** Whether it rules the next block. */
  readonly current: boolean;
  /** Height of its first block. */
  readonly firstHeight: number;
  readonly validators: readonly {
    readonly name: string;
    readonly organization: string;
    readonly signingKey: string;
    readonly networkKey: string;
  }[];
  readonly parameters: {
    readonly rules: number;
    readonly transactionBytesMax: number;
    readonly payloadBytesMax: number;
    readonly operationsMax: number;
    readonly keyBytesMax: number;
    readonly valueBytesMax: number;
    readonly validityMs: number;
    readonly timeFloor: string | null;
    readonly policies: readonly { readonly kind: string; readonly numerator: number; readonly denominator: number }[];
  };
  /** FORMATS `configuration`, whose SHA-256 is `hash`. */
  readonly bytes: string;
  /**
   * What proves it: the last block before it and that block's certificate, FORMATS `header` and `certificate`. Null for
   * the genesis configuration, and while the block is not certified.
   */
  readonly step: { readonly header: string; readonly certificate: string } | null;
}

export interface ConfigurationsAnswer {
  readonly height: number;
  /** Names of all organizations of the chain, ascending. More than half of them decide. */
  readonly organizations: readonly string[];
  /** Oldest first; the last may not rule yet. */
  readonly configurations: readonly ConfigurationAnswer[];
}

/** `GET /v1/genesis`. */
export interface GenesisAnswer {
  readonly chainId: string;
  /** The document as `genesis.json` has it. */
  readonly document: Readonly<Record<string, unknown>>;
  /** FORMATS `genesis`, whose SHA-256 is the chain id. */
  readonly genesis: string;
}

/** `GET /v1/status`. */
export interface StatusAnswer {
  readonly chainId: string;
  /** The chain's title in its genesis document. */
  readonly title: string;
  /** Name in the configuration; null for an observer. */
  readonly name: string | null;
  readonly networkKey: string;
  readonly bootId: string;
  readonly mode: 'starting' | 'validator' | 'observer' | 'observer-only';
  /** Why a validator must not vote. */
  readonly observerOnly: { readonly code: string; readonly reason: string } | null;
  readonly height: number;
  readonly blockHash: string;
  readonly blockTime: string;
  readonly finalHeight: number;
  readonly finalBlockHash: string;
  readonly finalBlockTime: string;
  readonly configuration: {
    readonly number: number;
    readonly hash: string;
    readonly validators: number;
    readonly quorum: number;
    readonly faultModel: 'crash' | 'byzantine';
    /** The longest a transaction may be valid. */
    readonly validityMs: number;
  };
  readonly protocol: string;
  /** Of this node in its engine; null where none runs. */
  readonly role: string | null;
  readonly leader: string | null;
  readonly engine: {
    readonly epoch: EpochAnswer;
    readonly lastIndex: number;
    readonly committed: number;
    readonly applied: number;
    readonly inFlight: { readonly payloads: number; readonly bytes: number };
    readonly waiting: { readonly code: string; readonly nodes: readonly string[] } | null;
  } | null;
  readonly pool: { readonly transactions: number; readonly bytes: number };
  readonly peers: { readonly connected: number; readonly known: number };
  readonly conditions: readonly { readonly code: string; readonly detail: string; readonly nodes: readonly string[] }[];
  /** Of a validator that lost its seat: it may stop when a quorum reported the last block that it had a seat for. */
  readonly leaving: {
    readonly lastHeight: number;
    readonly reported: number;
    readonly quorum: number;
    readonly code: 'LEAVING' | 'SAFE_TO_STOP';
  } | null;
  readonly sealsMissing: readonly string[];
  readonly loopLagP99Ms: number;
}

export interface OutcomeAnswer {
  /** `OK`, or the code of the operation that failed. */
  readonly code: string;
  readonly failedOperation: number | null;
  readonly resultsHash: string;
}

/** How far a transaction has come: one result of `POST /v1/transactions`. */
export interface TransactionResult {
  readonly transactionId: string;
  readonly status: 'pending' | 'committed' | 'final' | 'expired';
  readonly height: number | null;
  /** Its place among the leaves of its block. */
  readonly index: number | null;
  readonly outcome: OutcomeAnswer | null;
  /** The node had these bytes before. */
  readonly known: boolean;
  /** The portable receipt in hex; only of a final transaction that was submitted alone with `wait=final`. */
  readonly receipt?: string;
}

/** An error answer (RFC 9457), as `application/problem+json`. */
export interface Problem {
  /** A URI reference to the code's explanation. */
  readonly type: string;
  readonly title: string;
  /** The HTTP status. */
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  /** What to do about it. */
  readonly hint: string;
  readonly retry?: 'never' | 'later' | 'elsewhere';
  readonly transactionId?: string;
}

/** One result of a batch that was refused. */
export interface RefusedResult {
  readonly transactionId: string | null;
  readonly status: 'refused';
  readonly problem: Problem;
}

/** Answer to `POST /v1/transactions` with a sequence. */
export interface BatchAnswer {
  /** In the order of the request. */
  readonly results: readonly (TransactionResult | RefusedResult)[];
}

export interface OperationAnswer {
  readonly module: string;
  readonly method: string;
  readonly arguments: readonly JsonValue[];
}

export interface EventAnswer {
  readonly module: string;
  readonly topic: string;
  readonly value: JsonValue;
}

/** A transaction that is in a block. */
export interface ExecutedAnswer {
  readonly transactionId: string;
  readonly height: number;
  readonly index: number;
  readonly outcome: OutcomeAnswer;
  readonly account: string;
  readonly publicKey: string;
  readonly nonce: string;
  readonly validUntil: string;
  readonly operations: readonly OperationAnswer[];
  /** What each operation returned. */
  readonly values: readonly JsonValue[];
  readonly events: readonly EventAnswer[];
}

/** `GET /v1/transactions/{id}`. */
export interface TransactionAnswer {
  readonly transactionId: string;
  readonly status: 'pending' | 'committed' | 'final' | 'expired';
  /** Null until it is in a block. */
  readonly execution: (ExecutedAnswer & { readonly blockHash: string; readonly time: string }) | null;
  /** The COSE_Sign1 message in hex; null until it is in a block. */
  readonly bytes: string | null;
}

export interface HeaderAnswer {
  readonly chainId: string;
  readonly height: number;
  readonly parentHash: string;
  readonly index: number;
  readonly epoch: EpochAnswer;
  readonly time: string;
  readonly configurationHash: string;
  readonly nextConfigurationHash: string;
  readonly payloadHash: string;
  readonly transactionsRoot: string;
  readonly transactionCount: number;
  readonly stateRoot: string;
  readonly historyRoot: string;
}

/** A header with its hash: an item of `GET /v1/blocks`, and the data of a `block` event. */
export interface BlockSummary {
  readonly hash: string;
  readonly final: boolean;
  readonly header: HeaderAnswer;
}

export interface BlocksAnswer {
  /** Newest first. */
  readonly blocks: readonly BlockSummary[];
  /** Pass as `before` for the next page; null at the end. */
  readonly next: number | null;
}

export interface CertificateAnswer {
  readonly height: number;
  readonly blockHash: string;
  readonly configurationHash: string;
  readonly signatures: readonly {
    readonly validatorIndex: number;
    readonly validator: string | null;
    readonly signature: string;
  }[];
  /** The whole certificate in hex. */
  readonly bytes: string;
}

/** `GET /v1/blocks/{height|hash|latest|final}`. */
export interface BlockAnswer extends BlockSummary {
  /** The header as hashed, in hex. */
  readonly headerBytes: string;
  readonly transactions: readonly ExecutedAnswer[];
  /** Of exactly this block; a final block may have none of its own. */
  readonly certificate: CertificateAnswer | null;
}

/** `GET /v1/transactions/{id}/receipt`. */
export interface ReceiptAnswer {
  readonly transactionId: string;
  /** The portable receipt in hex: what verifiers take. */
  readonly receipt: string;
  readonly index: number;
  readonly outcome: OutcomeAnswer;
  readonly path: readonly string[];
  readonly blockHash: string;
  readonly header: HeaderAnswer;
  /** The later block whose certificate covers this one, if it is not the block's own. */
  readonly later: {
    readonly blockHash: string;
    readonly header: HeaderAnswer;
    readonly path: readonly string[];
  } | null;
  readonly certificate: CertificateAnswer;
}

/** `GET /v1/consistency?from=&to=`. */
export interface ConsistencyAnswer {
  readonly from: { readonly blockHash: string; readonly header: HeaderAnswer };
  readonly to: { readonly blockHash: string; readonly header: HeaderAnswer };
  /** From the history root of `to` to the hash of `from`; empty where they are one block. */
  readonly path: readonly string[];
  /** The later block whose certificate covers `to`, if it has none of its own. */
  readonly later: {
    readonly blockHash: string;
    readonly header: HeaderAnswer;
    readonly path: readonly string[];
  } | null;
  /** Null where `to` is block 0. */
  readonly certificate: CertificateAnswer | null;
  /** The portable proof in hex: what verifiers take. */
  readonly consistency: string;
}

/** What a state proof is checked with, all in hex. */
export interface StateProofAnswer {
  /** The way from the state root of `header` to the key. */
  readonly stateProof: string;
  readonly header: string;
  /** Null where no block from here on has one: the proof then rests on this node's word for the header. */
  readonly certificate: string | null;
  /**
   * Where the certificate is of a later block: its header, and the path (RFC 9162) from its history root to the block
   * whose header is above.
   */
  readonly later?: { readonly header: string; readonly path: readonly string[] };
}

/** `GET /v1/state/{module}/{key}`. */
export interface StateAnswer {
  readonly module: string;
  readonly key: string;
  readonly found: boolean;
  readonly value: string | null;
  readonly version: number | null;
  readonly modifiedHeight: number | null;
  /** The block after which the value stood. */
  readonly height: number;
  readonly blockHash: string;
  readonly consistency: 'local' | 'linearizable' | 'final';
  /** The value in readable form, for modules that the node knows. */
  readonly decoded: unknown;
  readonly proof: StateProofAnswer | null;
}

/** `GET /v1/accounts/{id}`. */
export interface AccountAnswer {
  readonly accountId: string;
  readonly organization: string;
  readonly roles: readonly string[];
  readonly keys: readonly string[];
  readonly height: number;
}

export interface PeerAnswer {
  readonly name: string | null;
  readonly networkKey: string;
  readonly connected: boolean;
  readonly height: number | null;
  readonly finalHeight: number | null;
  /** Blocks behind the asked node, from the newest greeting. */
  readonly behind: number | null;
  readonly heardMs: number | null;
  readonly clockOffsetMs: number | null;
}

/** `GET /v1/validators`. */
export interface ValidatorsAnswer {
  readonly height: number;
  readonly finalHeight: number;
  readonly quorum: number;
  /** How many are up, as this node sees it; itself included. */
  readonly up: number;
  readonly validators: readonly (PeerAnswer & {
    readonly name: string;
    readonly organization: string;
    readonly signingKey: string;
    /** The node that answers. */
    readonly self: boolean;
    /** Its seal of the lowest uncertified block is missing. */
    readonly sealMissing: boolean;
    /** How many contradictions of this validator the asked node keeps: `GET /v1/evidence`. */
    readonly evidence: number;
  })[];
  readonly others: readonly PeerAnswer[];
}

/** One thing that `GET /v1/search` found. */
export type SearchHit =
  | { readonly kind: 'block'; readonly height: number; readonly hash: string }
  | { readonly kind: 'transaction'; readonly transactionId: string; readonly status: string }
  | { readonly kind: 'account'; readonly accountId: string; readonly organization: string }
  | { readonly kind: 'validator'; readonly name: string; readonly organization: string };

export interface SearchAnswer {
  readonly hits: readonly SearchHit[];
}

/** An item of `GET /v1/events`; `cursor` resumes after it. */
export type StreamEvent =
  | { readonly cursor: string; readonly kind: 'block'; readonly data: BlockSummary }
  | { readonly cursor: string; readonly kind: 'transaction'; readonly data: ExecutedAnswer }
  | {
      readonly cursor: string;
      readonly kind: 'event';
      readonly data: EventAnswer & { readonly height: number; readonly transactionId: string | null };
    };
