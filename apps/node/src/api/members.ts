import type { AccountAnswer, ConfigurationsAnswer, PeerAnswer, StatusAnswer, ValidatorsAnswer } from '@varve/client';
import { faultModelOf, quorumSize } from '@varve/consensus';
import { type AccountId, toHex } from '@varve/encoding';
import { headerAt, stepTo, unlessDamaged } from '@varve/ledger/chain';
import { accountIn } from '@varve/modules';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { NodeView, PeerView } from '../host/service.ts';
import type { ApiContext } from './context.ts';
import { evidenceCounts } from './evidence.ts';
import { configurationJson, timeJson } from './json.ts';
import { ApiError } from './problems.ts';
import { stateReaderAt } from './reads.ts';
import { hash32, problemSchema, record } from './schemas.ts';
import { accountSchema, configurationsSchema, statusSchema, validatorsSchema } from './schemas-node.ts';

/** The node itself, the members, and who may sign. */
export function memberRoutes(app: FastifyInstance, context: ApiContext): void {
  const tags = ['node'];
  app.get(
    '/v1/status',
    { schema: { tags, summary: 'What the node says of itself', response: { 200: statusSchema } } },
    () => statusAnswer(context),
  );
  app.get(
    '/v1/configurations',
    { schema: { tags, summary: 'All configurations, oldest first', response: { 200: configurationsSchema } } },
    () => configurationsAnswer(context),
  );
  app.get(
    '/v1/validators',
    { schema: { tags, summary: 'Who is up, behind, or owes a seal', response: { 200: validatorsSchema } } },
    () => validatorsAnswer(context),
  );
  app.get(
    '/v1/accounts/:id',
    {
      schema: {
        tags: ['state'],
        summary: 'Identity, roles and active keys',
        params: record({ id: hash32 }),
        response: { 200: accountSchema, 404: problemSchema },
      },
    },
    (request: FastifyRequest<{ Params: { id: AccountId } }>) => accountAnswer(context, request.params.id),
  );
}

function statusAnswer({ service, progress }: ApiContext): StatusAnswer {
  const { ledger } = service;
  const view = service.view();
  const tip = headerAt(ledger, progress.height) ?? ledger.tip;
  const final = headerAt(ledger, progress.finalHeight) ?? tip;
  const { number, protocol, validators, parameters } = ledger.configuration;
  const faultModel = faultModelOf(protocol);
  const { engine } = view;
  return {
    chainId: ledger.chainId,
    title: ledger.genesis.title,
    name: view.name ?? null,
    networkKey: view.networkKey,
    bootId: view.bootId,
    mode: view.mode,
    observerOnly: view.observerOnly ?? null,
    height: tip.header.height,
    blockHash: tip.hash,
    blockTime: timeJson(tip.header.time),
    finalHeight: final.header.height,
    finalBlockHash: final.hash,
    finalBlockTime: timeJson(final.header.time),
    configuration: {
      number,
      hash: ledger.configurationHash,
      validators: validators.length,
      quorum: quorumSize(validators.length, faultModel),
      faultModel,
      validityMs: parameters.validityMs,
    },
    protocol,
    role: engine?.role ?? null,
    leader: engine?.leader ?? null,
    engine: engine ? engineAnswer(engine) : null,
    pool: view.pool,
    peers: { connected: view.peers.filter((peer) => peer.connected).length, known: view.peers.length },
    conditions: view.conditions,
    leaving: view.leaving ?? null,
    sealsMissing: view.sealsMissing,
    loopLagP99Ms: view.loopLagP99Ms,
  };
}

function engineAnswer(engine: NonNullable<NodeView['engine']>): StatusAnswer['engine'] {
  const { epoch, lastIndex, committed, applied, inFlight, waiting } = engine;
  return {
    epoch: { number: epoch.number, node: epoch.node },
    lastIndex,
    committed,
    applied,
    inFlight: { payloads: inFlight.payloads, bytes: inFlight.bytes },
    waiting: waiting ? { code: waiting.code, nodes: waiting.nodes } : null,
  };
}

function configurationsAnswer({ service, progress }: ApiContext): ConfigurationsAnswer {
  const { ledger } = service;
  // What was decided in a block that is not durable yet is not shown.
  const shown = ledger.configurations.all.filter(({ first }) => first <= progress.height + 1);
  return {
    height: progress.height,
    organizations: ledger.genesis.organizations.map(({ name }) => name),
    configurations: shown.map((one) => {
      const step = one.first === 0 ? undefined : unlessDamaged(() => stepTo(ledger, one));
      return configurationJson(one, one.hash === ledger.configurationHash, step);
    }),
  };
}

function validatorsAnswer({ service, progress }: ApiContext): ValidatorsAnswer {
  const { configuration } = service.ledger;
  const view = service.view();
  const accused = evidenceCounts(view.evidence);
  const peers = new Map(view.peers.map((peer) => [peer.networkKey, peer]));
  const validators = configuration.validators.map(({ name, organization, signingKey, networkKey }) => {
    const self = networkKey === view.networkKey;
    const seen = self ? ownView(view, progress) : peers.get(networkKey);
    const sealMissing = view.sealsMissing.includes(name);
    peers.delete(networkKey);
    const evidence = accused.get(signingKey) ?? 0;
    return {
      ...peerAnswer(seen, networkKey, progress.height),
      name,
      organization,
      signingKey,
      self,
      sealMissing,
      evidence,
    };
  });
  return {
    height: progress.height,
    finalHeight: progress.finalHeight,
    quorum: quorumSize(validators.length, faultModelOf(configuration.protocol)),
    up: validators.filter((validator) => validator.connected).length,
    validators,
    others: [...peers.values()].map((peer) => ({
      name: peer.name ?? null,
      ...peerAnswer(peer, peer.networkKey, progress.height),
    })),
  };
}

function ownView(view: NodeView, progress: ApiContext['progress']): PeerView {
  const { height, finalHeight } = progress;
  const { name, networkKey } = view;
  return { networkKey, name, connected: true, height, finalHeight, heardMs: 0, clockOffsetMs: 0 };
}

function peerAnswer(peer: PeerView | undefined, networkKey: string, ownHeight: number): Omit<PeerAnswer, 'name'> {
  return {
    networkKey,
    connected: peer?.connected ?? false,
    height: peer?.height ?? null,
    finalHeight: peer?.finalHeight ?? null,
    behind: peer?.height === undefined ? null : Math.max(0, ownHeight - peer.height),
    heardMs: peer?.heardMs ?? null,
    clockOffsetMs: peer?.clockOffsetMs ?? null,
  };
}

function accountAnswer({ service, progress }: ApiContext, id: AccountId): AccountAnswer {
  const height = progress.height;
  const account = accountIn(stateReaderAt(service.ledger, height), id);
  if (account === undefined) throw new ApiError('ACCOUNT_UNKNOWN', `no account ${id}`);
  const { organization, roles, keys } = account;
  return { accountId: id, organization, roles, keys: keys.map(toHex), height };
}
