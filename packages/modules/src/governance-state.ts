import type { Configuration, ValidatorMember } from '@varve/consensus';
import { sha256 } from '@varve/crypto';
import {
  bytesEqual,
  CborReader,
  concatBytes,
  encodeCbor,
  fromHex,
  type NodeId,
  nodeId,
  type PublicKeyHex,
  publicKeyHex,
  toHex,
  utf8Encode,
} from '@varve/encoding';
import {
  CONFIGURATION_KEY,
  CONFIGURATION_MODULE,
  decodeConfiguration,
  readingAs,
  type StateReader,
} from '@varve/ledger';

/** The module's name. */
export const GOVERNANCE: typeof CONFIGURATION_MODULE = CONFIGURATION_MODULE;

/** What an organization said of a proposal last. */
export interface Vote {
  readonly organization: string;
  readonly approve: boolean;
}

/** A configuration that somebody wants to be the next. */
export interface Proposal {
  /** FORMATS `configuration`, as proposed. */
  readonly configuration: Uint8Array;
  /** Whether an organization may hold more seats than the protocol tolerates faults. */
  readonly override: boolean;
  /** Whose admin proposed it. */
  readonly organization: string;
  /** Block time at which it was proposed. */
  readonly time: number;
  /** Height of the block that made it the next configuration; null before. */
  readonly adopted: number | null;
  /** Ascending by organization. */
  readonly votes: readonly Vote[];
}

/** What a validator proved of itself, kept by signing key and organization. */
export interface ReadyMark {
  readonly name: NodeId;
  readonly networkKey: PublicKeyHex;
  readonly rules: number;
  /** Block time at which it was proven. */
  readonly time: number;
}

/** Identity of a proposal: SHA-256 of CBOR `[configuration bstr, override]`. */
export function proposalIdOf(configuration: Uint8Array, override: boolean): Uint8Array {
  return sha256(encodeCbor([configuration, override]));
}

/** State key of a proposal, in module `governance`. */
export function proposalKey(id: Uint8Array): Uint8Array {
  return tagged('p', id);
}

/** State key of the list of an organization's open proposals. */
export function openProposalsKey(organization: string): Uint8Array {
  return tagged('o', utf8Encode(organization));
}

/** State key of a candidate's mark. The organization is in it, so that nobody else replaces the mark. */
export function readyMarkKey(seat: Pick<ValidatorMember, 'signingKey' | 'organization'>): Uint8Array {
  return tagged('r', concatBytes(fromHex(seat.signingKey), utf8Encode(seat.organization)));
}

/** State key that says that a seat of this name existed. */
export function usedNameKey(name: string): Uint8Array {
  return tagged('n', utf8Encode(name));
}

/** State key that says that a seat had this signing or network key. */
export function usedKeyKey(key: PublicKeyHex): Uint8Array {
  return tagged('k', fromHex(key));
}

function tagged(tag: string, tail: Uint8Array): Uint8Array {
  return concatBytes(utf8Encode(tag), tail);
}

/** State value of a proposal: CBOR `[configuration bstr, override, organization, time, adopted, [* [organization, approve]]]`. */
export function encodeProposal(proposal: Proposal): Uint8Array {
  const { configuration, override, organization, time, adopted } = proposal;
  const votes = proposal.votes.map((vote) => [vote.organization, vote.approve]);
  return encodeCbor([configuration, override, organization, time, adopted, votes]);
}

/** @throws {LedgerError} `RECORD_MALFORMED`. */
export function decodeProposal(bytes: Uint8Array): Proposal {
  return readingAs('RECORD_MALFORMED', () => {
    const reader = new CborReader(bytes);
    reader.array(6);
    const proposal: Proposal = {
      configuration: reader.byteString(),
      override: reader.boolean(),
      organization: reader.text(),
      time: reader.uint(),
      adopted: reader.nullable((inner) => inner.uint()),
      votes: reader.list(readVote),
    };
    reader.end();
    return proposal;
  });
}

function readVote(reader: CborReader): Vote {
  reader.array(2);
  return { organization: reader.text(), approve: reader.boolean() };
}

/** State value of a mark: CBOR `[name, networkKey, rules, time]`. */
export function encodeReadyMark(mark: ReadyMark): Uint8Array {
  return encodeCbor([mark.name, fromHex(mark.networkKey), mark.rules, mark.time]);
}

/** @throws {LedgerError} `RECORD_MALFORMED`. */
export function decodeReadyMark(bytes: Uint8Array): ReadyMark {
  return readingAs('RECORD_MALFORMED', () => {
    const reader = new CborReader(bytes);
    reader.array(4);
    const mark = {
      name: nodeId(reader.text()),
      networkKey: publicKeyHex(toHex(reader.byteString(32))),
      rules: reader.uint(),
      time: reader.uint(),
    };
    reader.end();
    return mark;
  });
}

/** State value of a list of proposals: CBOR `[* id]`. */
export function encodeProposalIds(ids: readonly Uint8Array[]): Uint8Array {
  return encodeCbor(ids);
}

/** @throws {LedgerError} `RECORD_MALFORMED`. */
export function decodeProposalIds(bytes: Uint8Array): readonly Uint8Array[] {
  return readingAs('RECORD_MALFORMED', () => {
    const reader = new CborReader(bytes);
    const ids = reader.list((inner) => inner.byteString(32));
    reader.end();
    return ids;
  });
}

/** A proposal as it stands in `state`. */
export function proposalIn(state: StateReader, id: Uint8Array): Proposal | undefined {
  const entry = state.get(GOVERNANCE, proposalKey(id));
  return entry && decodeProposal(entry.bytes);
}

/** Ids of the proposals of an organization that were open when it proposed last; some may be stale or adopted by now. */
export function proposalIdsIn(state: StateReader, organization: string): readonly Uint8Array[] {
  const entry = state.get(GOVERNANCE, openProposalsKey(organization));
  return entry ? decodeProposalIds(entry.bytes) : [];
}

/** The mark of a candidate, however old. */
export function readyMarkIn(
  state: StateReader,
  seat: Pick<ValidatorMember, 'signingKey' | 'organization'>,
): ReadyMark | undefined {
  const entry = state.get(GOVERNANCE, readyMarkKey(seat));
  return entry && decodeReadyMark(entry.bytes);
}

/** The configuration of the newest change; `undefined` before the first. */
export function changedConfigurationIn(state: StateReader): Configuration | undefined {
  const entry = state.get(GOVERNANCE, CONFIGURATION_KEY);
  return entry && decodeConfiguration(entry.bytes);
}

/** The list without one id. */
export function withoutId(ids: readonly Uint8Array[], id: Uint8Array): readonly Uint8Array[] {
  return ids.filter((one) => !bytesEqual(one, id));
}
