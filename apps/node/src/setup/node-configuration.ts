import { isAbsolute, join, resolve } from 'node:path';
import { isHex, type PublicKeyHex, publicKeyHex } from '@varve/encoding';
import { type Genesis, NAME_PATTERN } from '@varve/ledger';
import { stringify } from 'yaml';
import { type HttpAddress, type PeerEntry, parseHttpAddress } from './addresses.ts';
import { SetupError } from './errors.ts';
import { choiceField, keyField, required } from './fields.ts';
import { readTextIfThere, writeWhole } from './files.ts';
import { describeProblems, type Located, readDocument } from './located.ts';
import { SIGNATURE_MODES, SIGNATURE_THREADS, type SignatureMode, type SignatureThread } from './signature-mode.ts';

/** Name of the configuration in a data directory. */
export const CONFIGURATION_FILE = 'node.yaml';
/** Name of the genesis copy in a data directory. */
export const GENESIS_FILE = 'genesis.json';

/** What `node.yaml` says. Paths are absolute here, and relative to the data directory in the file where they can be. */
export interface NodeConfiguration {
  readonly role: 'validator' | 'observer';
  /** The key that the database was made for. */
  readonly networkKey: PublicKeyHex;
  readonly keyFile: string;
  readonly passphraseFile: string | undefined;
  /** Multiaddrs to listen on. */
  readonly listen: readonly string[];
  /** Absent: no HTTP API. */
  readonly http: HttpAddress | undefined;
  /** Holds the token that requests must carry. */
  readonly httpTokenFile: string | undefined;
  readonly peers: readonly PeerEntry[];
  /** How signatures are judged. */
  readonly signatures: SignatureMode;
  readonly signatureThread: SignatureThread;
}

const FIELDS = [
  'role',
  'networkKey',
  'keyFile',
  'passphraseFile',
  'listen',
  'http',
  'httpTokenFile',
  'peers',
  'signatures',
  'signatureThread',
];
const HEADER = '# A Varve node. "varve node start --data" reads this file; flags and VARVE_* variables go before it.\n';

/**
 * The configuration in a data directory.
 * @throws {SetupError} `NODE_UNINITIALIZED`, `CONFIGURATION_INVALID`, `FILE_FAILED`.
 */
export function readNodeConfiguration(dataDirectory: string): NodeConfiguration {
  const file = join(dataDirectory, CONFIGURATION_FILE);
  const text = readTextIfThere(file);
  if (text === undefined)
    throw new SetupError('NODE_UNINITIALIZED', `there is no node in ${dataDirectory}`, { path: dataDirectory });
  const result = readDocument(text, (root) => readConfiguration(root, dataDirectory));
  if (result.problems === undefined) return result.value;
  const { problems } = result;
  throw new SetupError('CONFIGURATION_INVALID', describeProblems(file, problems), { file, problems });
}

function readConfiguration(root: Located, dataDirectory: string): NodeConfiguration | undefined {
  const fields = root.fields(FIELDS);
  const path = (name: string): string | undefined => {
    const text = fields.get(name)?.text();
    return text === undefined ? undefined : resolve(dataDirectory, text);
  };
  const role = choiceField<NodeConfiguration['role']>(required(fields, 'role', root), ['validator', 'observer']);
  const networkKey = keyField(required(fields, 'networkKey', root));
  required(fields, 'keyFile', root);
  const keyFile = path('keyFile');
  const listen = (fields.get('listen')?.items() ?? []).flatMap((item) => item.text() ?? []);
  const httpAt = fields.get('http');
  const httpText = httpAt?.text();
  const http = httpText === undefined ? undefined : parseHttpAddress(httpText);
  if (httpText !== undefined && http === undefined)
    httpAt?.problem(`"${httpText}" is not an address`, 'write HOST:PORT, such as 127.0.0.1:7701');
  const peers = (fields.get('peers')?.items() ?? []).flatMap(readPeer);
  const signatures = choiceField(fields.get('signatures'), SIGNATURE_MODES) ?? 'batch';
  const signatureThread = choiceField(fields.get('signatureThread'), SIGNATURE_THREADS) ?? 'auto';
  if (role === undefined || networkKey === undefined || keyFile === undefined) return undefined;
  const [passphraseFile, httpTokenFile] = [path('passphraseFile'), path('httpTokenFile')];
  return { role, networkKey, keyFile, passphraseFile, listen, http, httpTokenFile, peers, signatures, signatureThread };
}

function readPeer(at: Located): readonly PeerEntry[] {
  const fields = at.fields(['node', 'address']);
  const nodeAt = required(fields, 'node', at);
  const node = nodeAt?.text();
  const address = required(fields, 'address', at)?.text();
  if (node !== undefined && !NAME_PATTERN.test(node) && !isHex(node, 32))
    return (
      nodeAt?.problem('neither a name nor a network key', 'write a name of the genesis document, or 64 hex digits') ??
      []
    );
  return node === undefined || address === undefined ? [] : [{ node, address }];
}

/** Writes the configuration of a data directory, which `replace` lets it overwrite. */
export function writeNodeConfiguration(dataDirectory: string, configuration: NodeConfiguration, replace = false): void {
  const short = (path: string | undefined): string | undefined => path && relativeInside(dataDirectory, path);
  const { role, networkKey, listen, http, peers, signatures, signatureThread } = configuration;
  const document = {
    role,
    networkKey,
    keyFile: short(configuration.keyFile),
    passphraseFile: short(configuration.passphraseFile),
    listen,
    http: http && `${http.host}:${http.port}`,
    httpTokenFile: short(configuration.httpTokenFile),
    peers,
    // Defaults stand in no file: they may change.
    signatures: signatures === 'batch' ? undefined : signatures,
    signatureThread: signatureThread === 'auto' ? undefined : signatureThread,
  };
  const text = HEADER + stringify(JSON.parse(JSON.stringify(document)), { lineWidth: 0 });
  writeWhole(join(dataDirectory, CONFIGURATION_FILE), text, { replace });
}

/** A path in the folder, or in the one above it, as relative: such folders can be moved together. */
function relativeInside(folder: string, path: string): string {
  for (const [base, prefix] of [
    [resolve(folder), ''],
    [resolve(folder, '..'), '../'],
  ] as const) {
    if (isAbsolute(path) && path.startsWith(`${base}/`)) return prefix + path.slice(base.length + 1);
  }
  return path;
}

/**
 * The peers with the keys that their names stand for.
 * @throws {SetupError} `PEER_UNKNOWN`.
 */
export function resolvePeers(
  peers: readonly PeerEntry[],
  genesis: Genesis,
): readonly { readonly networkKey: PublicKeyHex; readonly address: string }[] {
  return peers.map(({ node, address }) => {
    const member = genesis.configuration.validators.find(({ name }) => name === node);
    if (member) return { networkKey: member.networkKey, address };
    if (isHex(node, 32)) return { networkKey: publicKeyHex(node), address };
    throw new SetupError('PEER_UNKNOWN', `the genesis document has no validator "${node}"`, { peer: node });
  });
}
