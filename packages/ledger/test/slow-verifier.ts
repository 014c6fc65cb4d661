import { ed25519 } from '@noble/curves/ed25519.js';
import { sha256 } from '@noble/hashes/sha2.js';

/**
 * A second verifier of receipts, written from FORMATS and the RFCs without our own packages: slow, recursive, and as
 * plain as they are. What it accepts and what `verifyReceipt` accepts must be the same.
 */

type Item = number | string | boolean | null | Uint8Array | Item[];
type Bytes = Uint8Array;

function check(fact: unknown, what: string): asserts fact {
  if (!fact) throw new TypeError(what);
}

/** RFC 8949: one item from `at`; returns it and where it ends. */
function readItem(b: Bytes, at: number, depth: number): [Item, number] {
  const first = b[at] ?? 0xff;
  const [major, info] = [first >> 5, first & 31];
  if (first === 0xf6) return [null, at + 1];
  if (first === 0xf4 || first === 0xf5) return [first === 0xf5, at + 1];
  check([0, 2, 3, 4].includes(major) && info < 28, 'not in the profile');
  const width = info < 24 ? 0 : 2 ** (info - 24);
  let n = 0n;
  for (let i = 1; i <= width; i++) {
    check(at + i < b.length, 'cut');
    n = n * 256n + BigInt(b[at + i] as number);
  }
  if (width === 0) n = BigInt(info);
  else check(n >= (width === 1 ? 24n : 256n ** BigInt(width / 2)), 'not shortest');
  check(n < 2n ** 53n, 'too large');
  const size = Number(n);
  let next = at + 1 + width;
  if (major === 0) return [size, next];
  if (major !== 4) {
    check(next + size <= b.length, 'cut');
    const bytes = b.slice(next, next + size);
    const text = () => new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    return [major === 2 ? bytes : text(), next + size];
  }
  check(depth < 8, 'too deep');
  const items: Item[] = [];
  for (let i = 0; i < size; i++) {
    const [item, end] = readItem(b, next, depth + 1);
    items.push(item);
    next = end;
  }
  return [items, next];
}

function read(b: Bytes): Item {
  const [item, end] = readItem(b, 0, 0);
  check(end === b.length, 'trailing');
  return item;
}

function write(item: Item): Bytes {
  const head = (major: number, n: number): number[] => {
    if (n < 24) return [(major << 5) | n];
    const width = n < 256 ? 1 : n < 65_536 ? 2 : n < 2 ** 32 ? 4 : 8;
    const digits = Array.from({ length: width }, (_, i) => Number((BigInt(n) >> BigInt(8 * (width - 1 - i))) & 255n));
    return [(major << 5) | (24 + Math.log2(width)), ...digits];
  };
  if (item === null) return Uint8Array.of(0xf6);
  if (typeof item === 'boolean') return Uint8Array.of(item ? 0xf5 : 0xf4);
  if (typeof item === 'number') return Uint8Array.from(head(0, item));
  if (item instanceof Uint8Array) return Uint8Array.from([...head(2, item.length), ...item]);
  if (typeof item === 'string') {
    const utf8 = new TextEncoder().encode(item);
    return Uint8Array.from([...head(3, utf8.length), ...utf8]);
  }
  return Uint8Array.from([...head(4, item.length), ...item.flatMap((inner) => [...write(inner)])]);
}

const hex = (b: Bytes) => [...b].map((byte) => byte.toString(16).padStart(2, '0')).join('');
const same = (a: unknown, b: unknown) => a instanceof Uint8Array && b instanceof Uint8Array && hex(a) === hex(b);
const hashOf = (...parts: (Bytes | number[])[]) => sha256(Uint8Array.from(parts.flatMap((part) => [...part])));

function list(item: unknown, length?: number): Item[] {
  check(Array.isArray(item) && (length === undefined || item.length === length), 'not that array');
  return item;
}
function bytes(item: unknown, length?: number): Bytes {
  check(item instanceof Uint8Array && (length === undefined || item.length === length), 'not those bytes');
  return item;
}
function uint(item: unknown): number {
  check(typeof item === 'number', 'not a number');
  return item;
}
function text(item: unknown): string {
  check(typeof item === 'string', 'not text');
  return item;
}

/** RFC 9162 §2.1.3.2, the other way round: the root that a path gives, by the recursion of MTH. */
function rootOf(leaf: Bytes, index: number, size: number, path: Bytes[]): Bytes {
  check(index >= 0 && index < size, 'no such leaf');
  if (size === 1) {
    check(path.length === 0, 'path too long');
    return hashOf([0], leaf);
  }
  let k = 1;
  while (2 * k < size) k *= 2;
  const sibling = path.at(-1);
  check(sibling, 'path too short');
  const rest = path.slice(0, -1);
  return index < k
    ? hashOf([1], rootOf(leaf, index, k, rest), sibling)
    : hashOf([1], sibling, rootOf(leaf, index - k, size - k, rest));
}

interface Header {
  chainId: Bytes;
  height: number;
  configuration: Bytes;
  next: Bytes;
  transactionsRoot: Bytes;
  count: number;
  stateRoot: Bytes;
  historyRoot: Bytes;
  hash: Bytes;
}

function header(b: Bytes): Header {
  const h = list(read(b), 14);
  check(h[0] === 1, 'version');
  for (const at of [1, 3, 7, 8, 9, 10, 12, 13]) bytes(h[at], 32);
  for (const at of [2, 4, 6, 11]) uint(h[at]);
  const [number, name] = list(h[5], 2);
  check(uint(number) === 0 ? name === '' : /^[a-z0-9-]{1,32}$/.test(text(name)), 'epoch');
  return {
    chainId: bytes(h[1]),
    height: uint(h[2]),
    configuration: bytes(h[7]),
    next: bytes(h[8]),
    transactionsRoot: bytes(h[10]),
    count: uint(h[11]),
    stateRoot: bytes(h[12]),
    historyRoot: bytes(h[13]),
    hash: hashOf(b),
  };
}

function configuration(item: unknown) {
  const [number, parent, protocol, validators] = list(item, 5);
  const names = list(validators).map((v) => text(list(v, 4)[0]));
  check(names.length > 0 && names.every((name, i) => i === 0 || (names[i - 1] as string) < name), 'validators');
  const keys = list(validators).flatMap((v) => [hex(bytes(list(v)[2], 32)), hex(bytes(list(v)[3], 32))]);
  check(new Set(keys).size === keys.length, 'keys');
  const n = names.length;
  const quorum = { raft: 1, paxos: 1, zab: 1, tendermint: 2 }[text(protocol)];
  check(quorum, 'protocol');
  return {
    number: uint(number),
    parent: bytes(parent, 32),
    signingKeys: list(validators).map((v) => bytes(list(v)[2])),
    quorum: quorum === 1 ? Math.floor(n / 2) + 1 : Math.floor((2 * n) / 3) + 1,
    hash: hashOf(write(item as Item)),
  };
}

function certified(item: unknown, of: Header, c: ReturnType<typeof configuration>): void {
  const [version, height, block, hash, signatures] = list(item, 5);
  check(version === 1 && height === of.height && same(block, of.hash), 'certificate of another block');
  check(same(hash, c.hash) && same(of.configuration, c.hash), 'certificate of another configuration');
  const signed = write(['varve/seal/1', of.chainId, c.hash, of.height, of.hash]);
  let previous = -1;
  for (const entry of list(signatures)) {
    const [index, signature] = list(entry, 2);
    check(uint(index) > previous, 'ascending');
    previous = uint(index);
    const key = c.signingKeys[previous];
    check(key, 'unknown signer');
    check(ed25519.verify(bytes(signature, 64), signed, key, { zip215: true }), 'bad seal');
  }
  check(list(signatures).length >= c.quorum, 'no quorum');
}

/**
 * What the receipt proves.
 * @throws {TypeError} where it proves nothing; whatever else it throws means the same.
 */
export function slowVerifyReceipt(receipt: Bytes, genesis: Bytes) {
  const chainId = hashOf(genesis);
  const document = list(read(genesis), 6);
  const [version, tx, results, outcome, leaf, own, later, certificate, steps] = list(read(receipt), 9);
  check(version === 1, 'version');

  // The transaction: d2 84 58 26 a2 01 27 04 58 20 <key> a0 <body> 58 40 <signature>.
  const t = bytes(tx);
  check(t.length <= 1024 * 1024 && hex(t.slice(0, 10)) === 'd2845826a20127045820' && t[42] === 0xa0, 'COSE_Sign1');
  const [body, bodyEnd] = readItem(t, 43, 0);
  check(hex(t.slice(bodyEnd, bodyEnd + 2)) === '5840' && t.length === bodyEnd + 66, 'signature');
  const signedBytes = write(['Signature1', t.slice(4, 42), new TextEncoder().encode('varve/tx/1'), bytes(body)]);
  check(ed25519.verify(t.slice(-64), signedBytes, t.slice(10, 42), { zip215: true }), 'signature');
  const fields = list(read(bytes(body)), 6);
  check(fields[0] === 1 && same(fields[1], chainId), 'chain');
  bytes(fields[2], 32);
  bytes(fields[3], 16);
  uint(fields[4]);
  check(list(fields[5]).length >= 1 && list(fields[5]).length <= 1024, 'operations');
  for (const operation of list(fields[5])) {
    const [module, method, args] = list(operation, 3);
    for (const name of [module, method]) check(/^[a-z][a-z0-9.-]{0,31}$/.test(text(name)), 'name');
    list(args);
  }
  const id = hashOf(signedBytes);

  // The outcome and the leaf.
  const [code, failed, resultsHash] = list(outcome, 3);
  check((text(code) === 'OK') === (failed === null), 'outcome');
  if (failed !== null) uint(failed);
  check(same(resultsHash, hashOf(bytes(results))), 'results');
  const [values, events] = list(read(bytes(results)), 2);
  list(values);
  for (const event of list(events)) list(event, 3).slice(0, 2).map(text);
  const block = header(bytes(own));
  const [leafIndex, path] = list(leaf, 2);
  const hashes = (item: unknown) => list(item).map((one) => bytes(one, 32));
  const leafData = write([id, hashOf(t), outcome as Item]);
  const root = rootOf(leafData, uint(leafIndex), block.count, hashes(path));
  check(same(root, block.transactionsRoot), 'leaf not included');

  // Configurations from the genesis one.
  let ruling = configuration(document[3]);
  check(ruling.number === 0, 'number');
  let after = 0;
  const reigns: { ruling: typeof ruling; after: number; end: Header | undefined }[] = [];
  for (const step of list(steps)) {
    const [last, lastCertificate, next] = list(step, 3);
    const end = header(bytes(last));
    const successor = configuration(next);
    check(same(end.chainId, chainId) && end.height > after, 'step');
    check(same(end.next, successor.hash) && same(successor.parent, ruling.hash), 'step');
    check(successor.number === ruling.number + 1, 'step');
    certified(lastCertificate, end, ruling);
    reigns.push({ ruling, after, end });
    after = end.height;
    ruling = successor;
  }
  reigns.push({ ruling, after, end: undefined });
  const reignOf = (one: Header) => {
    check(same(one.chainId, chainId), 'chain');
    const reign = reigns.find((r) => same(r.ruling.hash, one.configuration));
    check(reign && one.height > reign.after, 'configuration');
    const { end } = reign;
    if (!end) return reign.ruling;
    check(one.height <= end.height, 'above the last block');
    check(
      one.height === end.height ? same(one.hash, end.hash) : same(one.next, one.configuration),
      'another last block',
    );
    return reign.ruling;
  };
  const ownRuling = reignOf(block);

  // The certificate, of the block itself or of a later one whose history holds it.
  if (later === null) certified(certificate, block, ownRuling);
  else {
    const [laterBytes, historyPath] = list(later, 2);
    const above = header(bytes(laterBytes));
    check(same(rootOf(block.hash, block.height, above.height, hashes(historyPath)), above.historyRoot), 'history');
    certified(certificate, above, reignOf(above));
  }
  return { transactionId: hex(id), height: block.height, blockHash: hex(block.hash), code: text(code) };
}

/** What a node says about one key of the state: all bytes as they are in its answer, `entry` null where it is absent. */
interface StateClaim {
  module: string;
  key: Bytes;
  entry: { version: number; modifiedHeight: number; bytes: Bytes } | null;
  proof: Bytes;
  header: Bytes;
  certificate: Bytes;
}

/**
 * Whether the key had this entry, or none, after the block, which the genesis configuration certified.
 * @throws {TypeError} where that is not proven; whatever else it throws means the same.
 */
export function slowVerifyState(claim: StateClaim, genesis: Bytes) {
  const block = header(claim.header);
  const ruling = configuration(list(read(genesis), 6)[3]);
  check(same(block.chainId, hashOf(genesis)) && same(block.configuration, ruling.hash), 'chain');
  certified(read(claim.certificate), block, ruling);
  const key = hashOf(write([claim.module, claim.key]));
  const bitOf = (b: Bytes, i: number) => ((b[i >> 3] ?? 0) >> (7 - (i % 8))) & 1;
  const [depth, bitmap, siblings, end] = list(read(claim.proof), 4);
  check(uint(depth) <= 256 && bytes(bitmap).length === Math.ceil(uint(depth) / 8), 'depth');
  for (let i = uint(depth); i < 8 * bytes(bitmap).length; i++) check(bitOf(bytes(bitmap), i) === 0, 'bitmap');
  const [kind, ...parts] = list(end);
  let node: Bytes = new Uint8Array(32);
  if (claim.entry !== null) {
    check(kind === 1 && parts.length === 1, 'end');
    const { version, modifiedHeight, bytes: value } = claim.entry;
    check(same(parts[0], hashOf(write([version, modifiedHeight, value]))), 'another value');
    node = hashOf([0], key, bytes(parts[0], 32));
  } else if (kind === 2) {
    const [other, value] = parts.map((part) => bytes(part, 32)) as [Bytes, Bytes];
    check(parts.length === 2 && !same(other, key), 'end');
    for (let i = 0; i < uint(depth); i++) check(bitOf(other, i) === bitOf(key, i), 'leaf elsewhere');
    node = hashOf([0], other, value);
  } else check(kind === 0 && parts.length === 0, 'end');
  const left = [...list(siblings)];
  for (let i = uint(depth) - 1; i >= 0; i--) {
    const sibling = bitOf(bytes(bitmap), i) ? bytes(left.pop(), 32) : new Uint8Array(32);
    check(!bitOf(bytes(bitmap), i) || sibling.some((byte) => byte !== 0), 'empty sibling');
    node = bitOf(key, i) ? hashOf(sibling, node) : hashOf(node, sibling);
  }
  check(left.length === 0, 'siblings');
  check(same(node, block.stateRoot), 'state root');
  return { height: block.height, blockHash: hex(block.hash) };
}
