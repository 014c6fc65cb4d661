/** What to do about each code that carries no hint of its own. */
const HINTS: Readonly<Record<string, string>> = {
  ADDRESS_MALFORMED: 'write a multiaddr of TCP, such as /ip4/127.0.0.1/tcp/7801',
  CONFIGURATION_INVALID: 'correct the lines named, then start again',
  DEVNET_DIFFERENT: 'start it without these flags, or choose another --data for a new network',
  DEVNET_MISSING: 'create one with "varve devnet --data DIR", or name its folder with --data',
  DEVNET_NOT_READY: 'read output.log and node.log in the folders of the validators',
  DEVNET_RUNNING: 'see "varve devnet status"; "varve devnet stop" ends it',
  FILE_EXISTS: 'choose another name; nothing is overwritten',
  FILE_FAILED: 'check the path and the rights of this user',
  GENESIS_INVALID: 'correct the lines named, then run "varve genesis check"',
  INTERNAL: 'this is a bug: please report it with the message',
  KEY_FILE_EXISTS: 'choose another name; a key file is never overwritten',
  KEY_FILE_IO: 'check the path and the rights of this user',
  KEY_FILE_MALFORMED: 'use a file that "varve keys new" wrote',
  KEY_FILE_PASSPHRASE_WRONG: 'check the passphrase, or the first line of the passphrase file',
  KEY_FILE_TOO_OPEN: 'others may read it: run "chmod 600" on the key file',
  KEY_FILE_UNWRITABLE: 'names have 1 to 32 of a-z, 0-9 and -; the passphrase must not be empty',
  KEY_MISMATCH: 'start with the key file that the node was initialized with',
  KEY_MISSING: 'validators use "varve keys new", observers --observer, and who signs transactions --account',
  KEY_NOT_IN_GENESIS: 'add it with "varve genesis add-validator", or initialize with --observer',
  LEADER_UNKNOWN: 'no validator knows a leader now: ask again in a second, or name a number',
  LISTEN_FAILED: 'choose an address of this machine',
  NODE_INITIALIZED: 'start it with "varve node start", or choose another --data',
  NODE_UNINITIALIZED: 'run "varve node init" first, or correct --data',
  NODE_UNREACHABLE: 'is the node up? see "varve devnet status", and check --node',
  PASSPHRASE_DIFFERS: 'type it again',
  PASSPHRASE_NEEDED: 'give --passphrase-file FILE, or set VARVE_PASSPHRASE_FILE',
  PEER_UNKNOWN: 'use a validator name of the genesis document, or the network key in hexadecimal',
  PORT_IN_USE: 'stop the other program, or choose other ports: --http, --listen, or --ports of a devnet',
  PROTOCOL_UNKNOWN: 'choose a protocol that this program has, such as raft',
  RECEIPT_INVALID: 'check that the genesis file is of the same chain, and ask for the receipt again',
  SIGNER_MISSING: 'name who signs: --key FILE, or --data DIR of a devnet',
  STATE_DIVERGED: 'keep the data directory and its node.log: this validator executed differently from the others',
  STOP_TIMEOUT: 'look for the process and its node.log',
  STORE_CLOSED: 'start the node again',
  STORE_DAMAGED: 'restore it from a peer: initialize a new data directory, or start once with --rebuild',
  STORE_DISK_FULL: 'make room on the disk, then start again: nothing acknowledged is lost',
  STORE_EXISTS: 'choose an empty folder',
  STORE_FAILED: 'check disk and file system, then start again',
  STORE_FOREIGN: 'this database is of another chain or key: correct --data or the genesis document',
  STORE_FORBIDDEN: 'check the rights of this user on the data directory',
  STORE_LOCKED: 'another node uses this data directory: stop it first',
  STORE_MISSING: 'run "varve node init" first',
  TRANSACTION_MALFORMED: 'give a file with one signed transaction (COSE_Sign1)',
  USAGE: 'add --help to see how the command is used',
  VALIDATOR_TWICE: 'another process runs with the same key: stop one of them',
  VALIDATOR_UNKNOWN: 'see "varve devnet status" for the numbers',
  WAIT_TIMEOUT:
    'the transaction may still become final: ask with "varve query tx"; sending the same bytes again is harmless',
};

/** What to do about an error with this code. */
export function hintOf(code: string): string {
  return HINTS[code] ?? 'see docs/errors.md';
}

/** Every code that the command line explains itself. */
export const HINTED_CODES: readonly string[] = Object.keys(HINTS);
