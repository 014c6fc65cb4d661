import { latin1, Scratch, utf8Encode } from '@varve/encoding';
import { RECORD_KIND } from './record-kinds.ts';
import { stateTreeKey } from './state.ts';

/** Bytes of a record's key before the module's name: the kind and the name's length. */
const HEAD_BYTES = 2;
/** Modules whose beginning of keys is kept; names may come from strangers, so there is an end to them. */
const MODULES_KEPT = 64;

/** Keys up to this length are joined with their beginning in memory that is there already. */
const KEY_BYTES_SHORT = 0xff;

interface Beginning {
  readonly bytes: Uint8Array;
  /** Begins with the same. */
  readonly joined: Scratch;
}

/** Beginnings of state keys, by module: there are few modules. */
const beginnings = new Map<string, Beginning>();

/** Key of a state record: kind, length of the module's name, the name, the key. */
export function stateKey(module: string, key: Uint8Array): Uint8Array {
  const { bytes } = beginningOf(module);
  const record = new Uint8Array(bytes.length + key.length);
  record.set(bytes);
  record.set(key, bytes.length);
  return record;
}

/** A key of the state, with what follows from it: each is made when it is first asked for, and once. */
export class StateKey {
  readonly module: string;
  readonly key: Uint8Array;
  /** Identifies module and key in maps: the key of the record, a code unit for each byte. */
  readonly id: string;
  #treeKey: Uint8Array | undefined;
  #recordKey: Uint8Array | undefined;

  constructor(module: string, key: Uint8Array, id: string = stateId(module, key)) {
    this.module = module;
    this.key = key;
    this.id = id;
  }

  /** The key in the state tree, 32 bytes. */
  get treeKey(): Uint8Array {
    this.#treeKey ??= stateTreeKey(this.module, this.key);
    return this.#treeKey;
  }

  /** The key of the record. */
  get recordKey(): Uint8Array {
    this.#recordKey ??= stateKey(this.module, this.key);
    return this.#recordKey;
  }
}

/** `StateKey.id` of a module and a key. */
export function stateId(module: string, key: Uint8Array): string {
  if (key.length > KEY_BYTES_SHORT) return latin1(stateKey(module, key));
  const { bytes, joined } = beginningOf(module);
  joined.bytes.set(key, bytes.length);
  return latin1(joined.first(bytes.length + key.length));
}

function beginningOf(module: string): Beginning {
  const known = beginnings.get(module);
  if (known) return known;
  const name = utf8Encode(module);
  const bytes = new Uint8Array(HEAD_BYTES + name.length);
  bytes.set([RECORD_KIND.state, name.length]);
  bytes.set(name, HEAD_BYTES);
  const joined = new Scratch(bytes.length + KEY_BYTES_SHORT);
  joined.bytes.set(bytes);
  const beginning = { bytes, joined };
  if (beginnings.size >= MODULES_KEPT) beginnings.clear();
  beginnings.set(module, beginning);
  return beginning;
}
