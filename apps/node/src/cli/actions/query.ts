import type { Client, StateAnswer } from '@varve/client';
import { accountId, fromHex, toHex } from '@varve/encoding';
import { assetKey, balanceKey, decodeAsset, decodeBalance } from '@varve/modules';
import { holdsUnless } from '@varve/verify';
import { readableText } from '../../api/readable-text.ts';
import { describeLeaving } from '../../host/leaving-text.ts';
import { assetArgument, blockArgument, transactionArgument } from '../arguments.ts';
import type { Action, Options } from '../command.ts';
import { accountArgument, connect, trustOrOwn } from '../connection.ts';
import { CliError, usage } from '../failure.ts';
import { pairs, table } from '../printer.ts';
import { provenState } from '../state-proof.ts';

/** An action that asks one question and shows the answer. */
function asking<T>(
  ask: (client: Client, args: readonly string[], options: Options) => Promise<T>,
  describe: (answer: T) => string,
): Action {
  return async ({ printer }, args, options) => {
    const answer = await ask(await connect(options), args, options);
    printer.result(answer, describe(answer));
    return undefined;
  };
}

/** `query status`. */
export const queryStatus: Action = asking(
  (client) => client.status(),
  (status) =>
    pairs([
      ['chain', `${status.title} ${status.chainId}`],
      ['node', status.name ?? status.networkKey],
      ['mode', status.mode],
      ['why', status.observerOnly && `${status.observerOnly.code}: ${status.observerOnly.reason}`],
      ['leaving', status.leaving && describeLeaving(status.leaving)],
      ['height', status.height],
      ['final height', status.finalHeight],
      ['block time', status.blockTime],
      ['protocol', `${status.protocol}, ${status.role ?? 'no engine'}; leader ${status.leader ?? 'unknown'}`],
      ['waiting', `${status.pool.transactions} transactions, ${status.pool.bytes} bytes`],
      ['peers', `${status.peers.connected} of ${status.peers.known} connected`],
      ...status.conditions.map(
        ({ code, detail, nodes }) => [code, nodes.length === 0 ? detail : `${detail}: ${nodes.join(', ')}`] as const,
      ),
    ]),
);

/** `query block`. */
export const queryBlock: Action = asking(
  (client, [which = '']) => client.block(blockArgument(which)),
  ({ hash, final, header, transactions, certificate }) => {
    const head = pairs([
      ['block', header.height],
      ['hash', hash],
      ['time', header.time],
      ['final', final ? 'yes' : 'no'],
      ['parent', header.parentHash],
      ['state root', header.stateRoot],
      ['sealed by', certificate?.signatures.map(({ validator }) => validator ?? '?').join(', ')],
      ['transactions', header.transactionCount],
    ]);
    const rows = transactions.map(({ transactionId, outcome, operations }) => [
      transactionId,
      outcome.code,
      operations.map(({ module, method }) => `${module}.${method}`).join(' '),
    ]);
    return rows.length === 0 ? head : `${head}\n\n${table(['transaction', 'outcome', 'operations'], rows)}`;
  },
);

/** `query tx`. */
export const queryTx: Action = asking(
  (client, [id = '']) => client.transaction(transactionArgument(id)),
  ({ transactionId, status, execution }) =>
    pairs([
      ['transaction', transactionId],
      ['status', status],
      ['block', execution?.height],
      ['time', execution?.time],
      ['account', execution?.account],
      ['outcome', execution?.outcome.code],
      ...(execution?.operations ?? []).map(
        (one) => ['operation', `${one.module}.${one.method} ${JSON.stringify(one.arguments)}`] as const,
      ),
    ]),
);

/** `query state`; with `--proof` the answer is checked where it is said, or follows from the folder, what is trusted. */
export const queryState: Action = async ({ printer }, [module = '', given], options) => {
  const path = options.text('path');
  if ((path === undefined) === (given === undefined)) throw usage('give either a key or --path');
  const key = path ?? given ?? '';
  const consistency = options.text('consistency');
  const height = options.number('height');
  const wantsProof = options.flag('proof');
  const trust = wantsProof ? trustOrOwn(options) : undefined;
  const client = await connect(options);
  const answer = await client.state(module, key, {
    ...(wantsProof && { proof: true }),
    ...(height !== undefined && { height }),
    ...(consistency !== undefined && { consistency: consistency as 'local' | 'linearizable' | 'final' }),
  });
  const report = trust && (await provenState(client, { module, key, height }, answer, trust));
  const text = describeState(answer);
  if (report === undefined) printer.result(answer, wantsProof ? `${text}\nnot checked: ${NAME_TRUST}` : text);
  else {
    const by =
      report.vouchedBy === 'certificate' ? report.signers.map(({ name }) => name).join(', ') : report.vouchedBy;
    const proven = pairs([
      ['proven', `by ${by} (block ${report.certifiedHeight})`],
      ['holds', holdsUnless(report)],
    ]);
    printer.result({ ...answer, proven: true }, `${text}\n${proven}`);
  }
  return undefined;
};

const NAME_TRUST = 'name what you trust by --genesis FILE or --checkpoint FILE';

function describeState({ found, value, version, modifiedHeight, height, decoded }: StateAnswer): string {
  if (!found) return `there is nothing, as of height ${height}`;
  return pairs([
    ['value', readableValue(value)],
    ['decoded', decoded === null || decoded === undefined ? undefined : JSON.stringify(decoded)],
    ['version', version],
    ['changed at', modifiedHeight],
    ['as of', height],
  ]);
}

/** `query account`. */
export const queryAccount: Action = asking(
  (client, [id = ''], options) => client.account(accountArgument(id, options)),
  ({ accountId, organization, roles, keys }) =>
    pairs([
      ['account', accountId],
      ['organization', organization],
      ['roles', roles.join(', ')],
      ...keys.map((key) => ['key', key] as const),
    ]),
);

/** `query asset`. */
export const queryAsset: Action = asking(
  async (client, [name = '']) => {
    const { value, height } = await assetState(client, assetKey(assetArgument(name)));
    if (value === null) throw new CliError('ASSET_UNKNOWN', `there is no asset "${name}", as of height ${height}`);
    const { supply, ...asset } = decodeAsset(fromHex(value));
    return { asset: name, ...asset, supply: String(supply), height };
  },
  ({ asset, title, decimals, organization, supply, height }) =>
    pairs([
      ['asset', asset],
      ['title', title],
      ['issued by', organization],
      ['decimals', decimals],
      ['supply', supply],
      ['as of', height],
    ]),
);

/** `query balance`: nothing held is a balance of 0, of an asset that exists. */
export const queryBalance: Action = asking(
  async (client, [name = '', who = ''], options) => {
    const [asset, account] = [assetArgument(name), accountId(accountArgument(who, options))];
    const { value, height } = await assetState(client, balanceKey(asset, account));
    if (value === null && !(await assetState(client, assetKey(asset))).found)
      throw new CliError('ASSET_UNKNOWN', `there is no asset "${asset}", as of height ${height}`);
    return { asset, account, amount: value === null ? '0' : String(decodeBalance(fromHex(value))), height };
  },
  ({ asset, account, amount, height }) =>
    pairs([
      ['account', account],
      ['asset', asset],
      ['amount', amount],
      ['as of', height],
    ]),
);

function assetState(client: Client, key: Uint8Array): Promise<StateAnswer> {
  return client.state('assets', toHex(key));
}

/** `query validators`. */
export const queryValidators: Action = asking(
  (client) => client.validators(),
  ({ up, quorum, validators }) =>
    `${up} of ${validators.length} up, quorum ${quorum}\n${table(
      ['validator', 'organization', 'state', 'height', 'final', 'seal'],
      validators.map((one) => [
        one.name,
        one.organization,
        one.self ? 'this node' : one.connected ? 'connected' : 'away',
        String(one.height ?? '-'),
        String(one.finalHeight ?? '-'),
        one.sealMissing ? 'missing' : 'ok',
      ]),
    )}`,
);

/** `query search`. */
export const querySearch: Action = asking(
  (client, [text = '']) => client.search(text),
  ({ hits }) => (hits.length === 0 ? 'nothing found' : hits.map((hit) => Object.values(hit).join('  ')).join('\n')),
);

/** Text where the bytes are readable, else hexadecimal. */
function readableValue(value: string | null): string | null {
  if (value === null) return null;
  const text = readableText(fromHex(value));
  return text === undefined ? value : JSON.stringify(text);
}
