import type { Client } from '@varve/client';
import type { Configuration } from '@varve/consensus';
import { fromHex, toHex } from '@varve/encoding';
import { configurationHashOf, decodeConfiguration } from '@varve/ledger';
import { decodeProposal, decodeProposalIds, openProposalsKey, proposalKey, type Vote } from '@varve/modules';
import { describeChanges, type Present } from './next-configuration.ts';

/** A proposal, as commands tell it. */
export interface ProposalReport {
  readonly proposalId: string;
  /** `stale`: another configuration came first. */
  readonly state: 'open' | 'adopted' | 'stale';
  readonly organization: string;
  /** RFC 3339. */
  readonly proposedAt: string;
  readonly override: boolean;
  readonly votes: readonly Vote[];
  /** How many organizations must approve. */
  readonly needed: number;
  /** Height of the block that decided. */
  readonly adopted: number | null;
  readonly number: number;
  readonly configurationHash: string;
  /** Against the configuration before it, a line each. */
  readonly changes: readonly string[];
  readonly configuration: Configuration;
  /** FORMATS `configuration`. */
  readonly bytes: string;
}

/** Where a node reads: as of its own newest block, which is at least at `minHeight`. */
interface ReadAt {
  readonly minHeight?: number;
}

/** A proposal as a node has it, or `undefined` where there is none. */
export async function proposalAt(
  client: Client,
  id: string,
  present: Present,
  at: ReadAt = {},
): Promise<ProposalReport | undefined> {
  const { value } = await client.state('governance', toHex(proposalKey(fromHex(id))), { consistency: 'local', ...at });
  if (value === null) return undefined;
  const { configuration: bytes, time, adopted, ...proposal } = decodeProposal(fromHex(value));
  const configuration = decodeConfiguration(bytes);
  const before = present.known.get(configuration.parentHash);
  const isOpen = adopted === null && configuration.parentHash === present.hash;
  return {
    proposalId: id,
    state: adopted === null ? (isOpen ? 'open' : 'stale') : 'adopted',
    ...proposal,
    proposedAt: new Date(time).toISOString(),
    needed: Math.floor(present.organizations.length / 2) + 1,
    adopted,
    number: configuration.number,
    configurationHash: configurationHashOf(configuration),
    changes: before ? describeChanges(before, configuration) : [],
    configuration,
    bytes: toHex(bytes),
  };
}

/** All open proposals. */
export async function openProposals(client: Client, present: Present): Promise<readonly ProposalReport[]> {
  const found: ProposalReport[] = [];
  for (const organization of present.organizations) {
    const key = toHex(openProposalsKey(organization));
    const { value } = await client.state('governance', key, { consistency: 'local' });
    for (const id of value === null ? [] : decodeProposalIds(fromHex(value))) {
      const proposal = await proposalAt(client, toHex(id), present);
      if (proposal?.state === 'open') found.push(proposal);
    }
  }
  return found;
}

/** Names of the organizations that approve. */
export function approving(votes: readonly Vote[]): readonly string[] {
  return votes.filter(({ approve }) => approve).map(({ organization }) => organization);
}
