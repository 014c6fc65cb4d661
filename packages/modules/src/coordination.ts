import { assert } from '@varve/consensus';
import { type CborValue, utf8Encode } from '@varve/encoding';
import { type OperationContext, OperationFailed, type StateEntry } from '@varve/ledger';
import type { GenesisModule } from '@varve/ledger/chain';
import { requireRole } from './access.ts';
import { Arguments } from './arguments.ts';
import {
  childPath,
  childSlotKey,
  coordinationKey,
  familyKey,
  isNodePath,
  nodeName,
  parentPath,
  ROOT_PATH,
  SEQUENCE_MAX,
  sequentialPath,
} from './coordination-path.ts';
import { COORDINATION, childInSlot, encodeFamily, familyIn, type NodeFamily } from './coordination-state.ts';

/**
 * ZooKeeper's data model as transactions: a tree of versioned nodes, addressed by paths. Operations of one transaction
 * are a `multi`. A node is three records, so that a create or delete changes a bounded number of them: its data, its
 * family (children, sequence counter, own slot) and its name in a slot of its parent. A deleted child's slot is taken
 * by the last child.
 */
export const coordination: GenesisModule = {
  name: COORDINATION,
  methods: ['create', 'create-sequential', 'set', 'delete', 'check'],

  execute(method: string, args: readonly CborValue[], context: OperationContext): CborValue {
    const reader = new Arguments(args);
    switch (method) {
      case 'create':
        return create(reader, context);
      case 'create-sequential':
        return createSequential(reader, context);
      case 'set':
        return set(reader, context);
      case 'delete':
        return remove(reader, context);
      case 'check':
        return check(reader, context);
      default:
        throw new OperationFailed('OPERATION_UNKNOWN');
    }
  },
};

/** `create(path, value)`: a node at version 0 below an existing one; returns the path. */
function create(reader: Arguments, context: OperationContext): CborValue {
  const path = readPath(reader);
  const value = reader.bytes();
  reader.end();
  requireRole(context, 'client');
  return addNode(context, path, value, parentFamily(context, path));
}

/**
 * `create-sequential(pathPrefix, value)`: a node whose path is the prefix and ten digits of the parent's counter;
 * returns that path.
 */
function createSequential(reader: Arguments, context: OperationContext): CborValue {
  const prefix = reader.text();
  const value = reader.bytes();
  reader.end();
  if (!isNodePath(sequentialPath(prefix, 0))) throw pathMalformed();
  requireRole(context, 'client');
  const family = parentFamily(context, prefix);
  const { nextSequence } = family;
  if (nextSequence > SEQUENCE_MAX) throw new OperationFailed('SEQUENCE_EXHAUSTED');
  const path = sequentialPath(prefix, nextSequence);
  return addNode(context, path, value, { ...family, nextSequence: nextSequence + 1 });
}

/** `set(path, value, expectedVersion | null)`: returns the new version. */
function set(reader: Arguments, context: OperationContext): CborValue {
  const path = readPath(reader);
  const value = reader.bytes();
  const expected = reader.nullable(() => reader.uint());
  reader.end();
  requireRole(context, 'client');
  const key = coordinationKey(path);
  demandNode(context, key, path, expected);
  const { version } = context.set(key, value);
  context.emit('node-set', [path, version]);
  return version;
}

/** `delete(path, expectedVersion | null)`: a node without children. */
function remove(reader: Arguments, context: OperationContext): CborValue {
  const path = readPath(reader);
  const expected = reader.nullable(() => reader.uint());
  reader.end();
  requireRole(context, 'client');
  const key = coordinationKey(path);
  const { version } = demandNode(context, key, path, expected);
  const { children, slot } = familyIn(context.state, path);
  if (children > 0) throw new OperationFailed('NODE_NOT_EMPTY', `it has ${children} children`);
  context.delete(key);
  context.delete(familyKey(path));
  vacate(context, parentPath(path), slot);
  context.emit('node-deleted', [path, version]);
  return null;
}

/**
 * `check(path, expectedVersion | null)`: nothing but that the node exists, in that version when one is given; returns
 * the version. The root has version 0.
 */
function check(reader: Arguments, context: OperationContext): CborValue {
  const path = reader.text();
  const expected = reader.nullable(() => reader.uint());
  reader.end();
  if (!isNodePath(path)) throw pathMalformed();
  requireRole(context, 'client');
  if (path !== ROOT_PATH) return demandNode(context, coordinationKey(path), path, expected).version;
  demandVersion(0, expected);
  return 0;
}

/** The path of a node other than the root, which is neither created, set nor deleted. */
function readPath(reader: Arguments): string {
  const path = reader.text();
  if (path === ROOT_PATH || !isNodePath(path)) throw pathMalformed();
  return path;
}

/** Family of the parent of a path, which must exist. */
function parentFamily(context: OperationContext, path: string): NodeFamily {
  const parent = parentPath(path);
  if (parent !== ROOT_PATH && context.get(coordinationKey(parent)) === undefined) {
    throw new OperationFailed('PARENT_MISSING', `there is no node ${parent}`);
  }
  return familyIn(context.state, parent);
}

/** The node of `path`, whose data stands under `key`. */
function demandNode(context: OperationContext, key: Uint8Array, path: string, expected: number | null): StateEntry {
  const entry = context.get(key);
  if (entry === undefined) throw new OperationFailed('NODE_MISSING', `there is no node ${path}`);
  demandVersion(entry.version, expected);
  return entry;
}

function demandVersion(version: number, expected: number | null): void {
  if (expected !== null && version !== expected) {
    throw new OperationFailed('VERSION_MISMATCH', `the version is ${version}, not ${expected}`);
  }
}

function addNode(context: OperationContext, path: string, value: Uint8Array, family: NodeFamily): CborValue {
  const key = coordinationKey(path);
  if (context.get(key) !== undefined) throw new OperationFailed('NODE_EXISTS', `there is a node ${path}`);
  const parent = parentPath(path);
  const slot = family.children;
  const { version } = context.set(key, value);
  context.set(familyKey(path), encodeFamily({ children: 0, nextSequence: 0, slot }));
  context.set(childSlotKey(parent, slot), utf8Encode(nodeName(path)));
  context.set(familyKey(parent), encodeFamily({ ...family, children: slot + 1 }));
  context.emit('node-created', [path, version]);
  return path;
}

/** Takes a child out of `slot` of its parent; the last child moves there. */
function vacate(context: OperationContext, parent: string, slot: number): void {
  const family = familyIn(context.state, parent);
  const last = family.children - 1;
  assert(slot <= last, 'children fill the slots from 0 without a gap');
  if (slot < last) {
    const name = childInSlot(context.state, parent, last);
    assert(name !== undefined, 'the last slot holds a name');
    const moved = childPath(parent, name);
    context.set(childSlotKey(parent, slot), utf8Encode(name));
    context.set(familyKey(moved), encodeFamily({ ...familyIn(context.state, moved), slot }));
  }
  context.delete(childSlotKey(parent, last));
  context.set(familyKey(parent), encodeFamily({ ...family, children: last }));
}

function pathMalformed(): OperationFailed {
  return new OperationFailed('PATH_MALFORMED', 'not a path, or the root where it cannot be');
}
