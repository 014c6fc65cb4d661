import { type CborValue, fromHex } from '@varve/encoding';
import {
  CONFIGURATION_KEY,
  configurationHashOf,
  decodeConfiguration,
  LedgerError,
  type OperationContext,
  OperationFailed,
} from '@varve/ledger';
import type { GenesisModule } from '@varve/ledger/chain';
import { requireRole } from './access.ts';
import { Arguments } from './arguments.ts';
import { checkProposed, isSuccessor } from './configuration-rules.ts';
import {
  changedConfigurationIn,
  encodeProposal,
  encodeProposalIds,
  GOVERNANCE,
  openProposalsKey,
  type Proposal,
  proposalIdOf,
  proposalIdsIn,
  proposalIn,
  proposalKey,
  type Vote,
  withoutId,
} from './governance-state.ts';
import { markReady } from './readiness.ts';
import { checkReadiness, checkSeats, recordSeats } from './seats.ts';

/** The most proposals an organization may have open. */
export const PROPOSALS_OPEN_MAX = 8;

/**
 * How the configuration changes (DESIGN §2): organizations propose the next one and vote on it, and with the vote of
 * more than half of them it is written where the ledger looks for it. There is at most one change in a block.
 */
export const governance: GenesisModule = {
  name: GOVERNANCE,
  methods: ['propose', 'vote', 'withdraw', 'ready'],

  execute(method: string, args: readonly CborValue[], context: OperationContext): CborValue {
    const reader = new Arguments(args);
    switch (method) {
      case 'propose':
        return propose(reader, context);
      case 'vote':
        return vote(reader, context);
      case 'withdraw':
        return withdraw(reader, context);
      case 'ready':
        return markReady(reader, context);
      default:
        throw new OperationFailed('OPERATION_UNKNOWN');
    }
  },
};

/**
 * Whether more than half of the organizations approve.
 * @param organizations - All of the chain; votes of others do not count.
 */
export function isAgreed(votes: readonly Vote[], organizations: readonly string[]): boolean {
  const approving = votes.filter(({ organization, approve }) => approve && organizations.includes(organization));
  return 2 * approving.length > organizations.length;
}

/** `propose(configuration)` or `propose(configuration, override)`: opens a proposal and approves it; returns its id. */
function propose(reader: Arguments, context: OperationContext): CborValue {
  const bytes = reader.bytes();
  const override = reader.optional(() => reader.boolean(), false);
  reader.end();
  const { organization } = requireRole(context, 'admin');
  demandUnchanged(context);
  const next = readConfigurationArgument(bytes);
  checkProposed(next, context.chain, context.time);
  const id = proposalIdOf(bytes, override);
  if (context.get(proposalKey(id)) !== undefined) throw new OperationFailed('PROPOSAL_EXISTS');
  checkSeats(context, next, override);
  addToOpen(context, organization, id);
  context.emit('proposal-made', [id, organization, next.number, fromHex(configurationHashOf(next)), override]);
  const proposal = { configuration: bytes, override, organization, time: context.time, adopted: null, votes: [] };
  castVote(context, id, proposal, { organization, approve: true });
  return id;
}

/** `vote(id, approve)`: the organization's vote, in place of the one it gave before; returns whether it decided. */
function vote(reader: Arguments, context: OperationContext): CborValue {
  const id = reader.bytes(32);
  const approve = reader.boolean();
  reader.end();
  const { organization } = requireRole(context, 'admin');
  return castVote(context, id, demandOpen(context, id), { organization, approve });
}

/** `withdraw(id)`, by an admin of the organization that proposed it: forgets the proposal. */
function withdraw(reader: Arguments, context: OperationContext): CborValue {
  const id = reader.bytes(32);
  reader.end();
  const { organization } = requireRole(context, 'admin');
  const proposal = demandOpen(context, id);
  if (proposal.organization !== organization) throw new OperationFailed('ORGANIZATION_FOREIGN');
  context.delete(proposalKey(id));
  const ids = withoutId(proposalIdsIn(context.state, organization), id);
  context.set(openProposalsKey(organization), encodeProposalIds(ids));
  context.emit('proposal-withdrawn', [id, organization]);
  return null;
}

/** Notes a vote; where more than half agree then, the change happens in this very operation or the operation fails. */
function castVote(context: OperationContext, id: Uint8Array, proposal: Proposal, given: Vote): boolean {
  const others = proposal.votes.filter(({ organization }) => organization !== given.organization);
  const votes = [...others, given].sort((a, b) => (a.organization < b.organization ? -1 : 1));
  context.emit('vote-cast', [id, given.organization, given.approve]);
  const agreed = isAgreed(votes, context.chain.organizations);
  if (agreed) adopt(context, id, proposal.configuration);
  const adopted = agreed ? context.height : null;
  context.set(proposalKey(id), encodeProposal({ ...proposal, votes, adopted }));
  return agreed;
}

function adopt(context: OperationContext, id: Uint8Array, bytes: Uint8Array): void {
  // Everything else was checked when it was proposed, and holds as long as the configuration stays.
  const next = readConfigurationArgument(bytes);
  checkReadiness(context, next);
  recordSeats(context, next);
  context.set(CONFIGURATION_KEY, bytes);
  context.emit('configuration-changed', [next.number, fromHex(configurationHashOf(next)), id]);
}

/** The proposal, which must be for the configuration after the present one. */
function demandOpen(context: OperationContext, id: Uint8Array): Proposal {
  demandUnchanged(context);
  const proposal = proposalIn(context.state, id);
  if (proposal === undefined) throw new OperationFailed('PROPOSAL_UNKNOWN');
  if (!isSuccessor(decodeConfiguration(proposal.configuration), context.chain))
    throw new OperationFailed('CONFIGURATION_STALE');
  return proposal;
}

/** Nothing is proposed or decided in a block after it changed the configuration: what would follow is not known yet. */
function demandUnchanged(context: OperationContext): void {
  const changed = changedConfigurationIn(context.state);
  if (changed !== undefined && changed.number > context.chain.configuration.number)
    throw new OperationFailed('CONFIGURATION_PENDING');
}

function addToOpen(context: OperationContext, organization: string, id: Uint8Array): void {
  const open = proposalIdsIn(context.state, organization).filter((one) => {
    const proposal = proposalIn(context.state, one);
    return proposal !== undefined && isSuccessor(decodeConfiguration(proposal.configuration), context.chain);
  });
  if (open.length >= PROPOSALS_OPEN_MAX) throw new OperationFailed('PROPOSALS_TOO_MANY');
  context.set(openProposalsKey(organization), encodeProposalIds([...open, id]));
}

function readConfigurationArgument(bytes: Uint8Array): ReturnType<typeof decodeConfiguration> {
  try {
    return decodeConfiguration(bytes);
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error;
    throw new OperationFailed('CONFIGURATION_MALFORMED', error.message);
  }
}
