import { type Client, operations } from '@varve/client';
import { createSigner } from '@varve/crypto';
import { blockHash, chainId, isHex, nodeId, toHex } from '@varve/encoding';
import { encodeConfiguration, NAME_PATTERN, RULES_KNOWN } from '@varve/ledger';
import { proposalIdOf, readySignBytes } from '@varve/modules';
import { demandSeed, openKeys, readPublicParts } from '../../setup/key-material.ts';
import type { Action } from '../command.ts';
import { connect, connectSigning, passphraseFileOf } from '../connection.ts';
import { CliError, usage } from '../failure.ts';
import { nextConfiguration, presentOf } from '../governance/next-configuration.ts';
import { approving, openProposals, type ProposalReport, proposalAt } from '../governance/proposals.ts';
import { pairs, table } from '../printer.ts';
import { type Addition, signAndSubmit, signing } from '../submission.ts';

const { governance } = operations;

/** `governance propose`. */
export const proposeConfiguration: Action = async (context, _args, options) => {
  const client = await connectSigning(options);
  const bytes = encodeConfiguration(nextConfiguration(await presentOf(client), options));
  const override = options.flag('override');
  const id = toHex(proposalIdOf(bytes, override));
  const propose = governance.propose(bytes, override);
  return signAndSubmit(context, client, propose, options, ({ height }) => stateOf(client, id, height));
};

/** `governance vote`. */
export const voteOnProposal: Action = async (context, [text = ''], options) => {
  const id = proposalArgument(text);
  const [approve, reject] = [options.flag('approve'), options.flag('reject')];
  if (approve === reject) throw usage('say how to vote', 'add either --approve or --reject');
  const client = await connectSigning(options);
  const vote = governance.vote(id, approve);
  return signAndSubmit(context, client, vote, options, ({ height }) => stateOf(client, id, height));
};

/** `governance withdraw`. */
export const withdrawProposal: Action = signing(([id = '']) => governance.withdraw(proposalArgument(id)));

/** `governance ready`: proves with the key file of a candidate that it has the chain. */
export const proveReady: Action = async (context, [file = ''], options) => {
  const client = await connectSigning(options);
  const { name, organization, signingKey, networkKey } = readPublicParts(file);
  const seat = { name: options.text('name') ?? name, organization: options.text('organization') ?? organization };
  if (seat.name === undefined || seat.organization === undefined)
    throw usage(`${file} does not say whose it is`, 'add --name and --organization');
  if (!NAME_PATTERN.test(seat.name)) throw usage(`"${seat.name}" is not a name`, 'use 1 to 32 of a-z, 0-9 and -');
  const passphraseFile = options.text('validatorPassphraseFile') ?? passphraseFileOf(file, options);
  const seed = demandSeed(await openKeys(file, passphraseFile), 'signing', file);
  if (signingKey === undefined || networkKey === undefined)
    throw new CliError('KEY_MISSING', `${file} is not the key file of a validator`);
  const validator = { name: nodeId(seat.name), organization: seat.organization, signingKey, networkKey };
  const { chainId: chain, finalHeight: height, finalBlockHash } = await client.status();
  const rules = options.number('rules') ?? RULES_KNOWN;
  const block = blockHash(finalBlockHash);
  const signed = readySignBytes({ chainId: chainId(chain), validator, rules, height, blockHash: block });
  const ready = governance.ready(validator, rules, height, block, createSigner(seed).sign(signed));
  return signAndSubmit(context, client, ready, options);
};

/** `governance show`: a proposal, or the present configuration. */
export const showGovernance: Action = async ({ printer }, [id], options) => {
  const client = await connect(options);
  if (id !== undefined) {
    const proposal = await proposalAt(client, proposalArgument(id), await presentOf(client));
    if (proposal === undefined) throw new CliError('PROPOSAL_UNKNOWN', `there is no proposal ${id}`);
    printer.result(proposal, describe(proposal));
    return undefined;
  }
  const { configurations } = await client.configurations();
  const present = configurations.find(({ current }) => current);
  if (present === undefined) throw new CliError('ANSWER_MALFORMED', `the node at ${client.url} names no configuration`);
  const { number, hash, protocol, quorum, firstHeight, validators, parameters } = present;
  const head = pairs([
    ['configuration', number],
    ['hash', hash],
    ['protocol', `${protocol}; ${quorum} of ${validators.length} validators decide`],
    ['from block', firstHeight],
    ...Object.entries(parameters).map(([name, value]) => [name, JSON.stringify(value)] as const),
  ]);
  const rows = validators.map((seat) => [seat.name, seat.organization, seat.signingKey, seat.networkKey]);
  printer.result(present, `${head}\n\n${table(['validator', 'organization', 'signing key', 'network key'], rows)}`);
  return undefined;
};

/** `governance list`. */
export const listProposals: Action = async ({ printer }, _args, options) => {
  const client = await connect(options);
  const proposals = await openProposals(client, await presentOf(client));
  const rows = proposals.map(({ proposalId, organization, votes, needed, changes }) => [
    proposalId,
    organization,
    `${approving(votes).length} of ${needed}`,
    changes.join('; '),
  ]);
  const text = rows.length === 0 ? 'no open proposals' : table(['proposal', 'by', 'approve', 'changes'], rows);
  printer.result({ proposals }, text);
  return undefined;
};

/** What became of a proposal with the transaction at `height`; nothing where nobody waited for it. */
async function stateOf(client: Client, id: string, height: number | null): Promise<Addition> {
  const proposal =
    height === null ? undefined : await proposalAt(client, id, await presentOf(client), { minHeight: height });
  const votes = proposal && `${approving(proposal.votes).length} of ${proposal.needed} needed`;
  return {
    body: { proposalId: id, proposalState: proposal?.state ?? null, adopted: proposal?.adopted ?? null },
    lines: [
      ['proposal', id],
      ['state', proposal?.state],
      ['approve', votes],
      ...(proposal && isLeft(proposal) ? [LEAVING] : []),
    ],
  };
}

const LEAVING = [
  'leaving',
  'a validator that lost its seat may end when its "varve query status" says SAFE_TO_STOP',
] as const;

/** Whether somebody lost a seat by it. */
function isLeft({ adopted, changes }: ProposalReport): boolean {
  return adopted !== null && changes.some((line) => line.startsWith('removes '));
}

function describe(proposal: ProposalReport): string {
  const rejecting = proposal.votes.filter(({ approve }) => !approve).map(({ organization }) => organization);
  return pairs([
    ['proposal', proposal.proposalId],
    ['state', proposal.adopted === null ? proposal.state : `adopted in block ${proposal.adopted}`],
    ['by', `${proposal.organization}, ${proposal.proposedAt}`],
    ['configuration', `${proposal.number} ${proposal.configurationHash}`],
    ...proposal.changes.map((line) => ['change', line] as const),
    ['override', proposal.override ? 'one organization may hold more seats than the protocol tolerates liars' : null],
    ['approve', `${approving(proposal.votes).join(', ') || 'nobody'}; ${proposal.needed} needed`],
    ['reject', rejecting.length > 0 ? rejecting.join(', ') : null],
  ]);
}

function proposalArgument(text: string): string {
  if (isHex(text, 32)) return text;
  throw usage(`"${text}" is not a proposal`, 'an id has 64 hexadecimal digits: see "varve governance list"');
}
