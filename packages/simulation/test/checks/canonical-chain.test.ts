import { EPOCH_ZERO } from '@varve/consensus';
import { height, utf8Encode } from '@varve/encoding';
import {
  chainIdOf,
  configurationHashOf,
  decodeTransaction,
  encodePayload,
  payloadIdOf,
  prepareTransaction,
  RULES_KNOWN,
  sealSignBytes,
  type Transaction,
} from '@varve/ledger';
import { initialRecords, type Ledger, LedgerLoader, RecordStore } from '@varve/ledger/chain';
import { accountDirectory, accountIdOf, builtinModules } from '@varve/modules';
import { describe, expect, it } from 'vitest';
import { CanonicalChain, type Submitted } from '../../src/checks/canonical-chain.ts';
import { Model, type Request } from '../../src/clients/model.ts';
import { operationOf } from '../../src/clients/requests.ts';
import { SimulatedDisk } from '../../src/world/disk.ts';
import { simulatedGenesis, validatorName } from '../../src/world/genesis.ts';
import { standInSignatures } from '../../src/world/keys.ts';
import { type SimulatedNode, WALL_START } from '../../src/world/node.ts';

const client = standInSignatures.key('client');
const genesis = simulatedGenesis('raft', 3, standInSignatures, { admin: client, clients: [] });
const modules = builtinModules();
/** What the true clock says in these stories. */
const NOW = WALL_START + 60_000;

/** A node that tells what a test makes up, on a ledger of its own. */
class Teller {
  readonly ledger: Ledger;
  readonly node: SimulatedNode;

  constructor(name: string) {
    const disk = new SimulatedDisk();
    disk.commit(initialRecords(genesis, modules.values(), new Uint8Array()));
    const loader = new LedgerLoader();
    for (const range of LedgerLoader.ranges) for (const [key, value] of disk.entries(range)) loader.add(key, value);
    const surroundings = {
      modules,
      accounts: accountDirectory,
      isSigned: () => true,
      rebuild: false,
      rulesKnown: RULES_KNOWN,
    };
    this.ledger = loader.finish(new RecordStore(disk), surroundings, genesis).ledger;
    this.node = { name, validator: { ledger: this.ledger } } as unknown as SimulatedNode;
  }

  /** One more block with these transactions. */
  block(time: number, ...transactions: readonly Transaction[]): this {
    const content = {
      index: this.ledger.applied + 1,
      epoch: EPOCH_ZERO,
      time,
      transactions: transactions.map((transaction) => transaction.bytes),
    };
    const bytes = encodePayload(content);
    const execution = this.ledger.begin(content, () => true);
    execution.run(transactions.length);
    this.ledger.finish(execution, { ...content, payload: payloadIdOf(bytes), bytes });
    return this;
  }

  /** A certificate of `at`, for the block there or for another. */
  certify(at: number, blockHash: string = this.hashAt(at), signers = 2): this {
    const configurationHash = configurationHashOf(genesis.configuration);
    const message = sealSignBytes(chainIdOf(genesis), configurationHash, height(at), blockHash as never);
    const signatures = Array.from({ length: signers }, (_, validatorIndex) => {
      const key = standInSignatures.key(`signing ${validatorName(validatorIndex)}`);
      return { validatorIndex, signature: key.sign(message) };
    });
    this.ledger.certify({ height: height(at), blockHash: blockHash as never, configurationHash, signatures });
    return this;
  }

  hashAt(at: number): string {
    expect(this.ledger.tip.header.height).toBeGreaterThanOrEqual(at);
    return this.ledger.tip.hash;
  }
}

/** What was submitted, and what the checks say to whatever is told. */
class Story {
  readonly submitted = new Map<string, Submitted>();
  readonly violations: string[] = [];
  readonly chain = new CanonicalChain(
    this.submitted,
    new Model(genesis.configuration),
    () => NOW,
    standInSignatures.rule,
    (check) => this.violations.push(check),
  );
  #made = 0;

  /** @param told - What the model hears that it asks for. */
  transaction(path: string, told: string | null = path): Transaction {
    const nonce = new Uint8Array(16);
    nonce.set(utf8Encode(String(++this.#made)));
    const account = accountIdOf(client.publicKey);
    const create = (at: string): Request => ({ kind: 'create', path: at, value: 'x' });
    const { signedBytes, assemble } = prepareTransaction(
      {
        chainId: chainIdOf(genesis),
        account,
        nonce,
        validUntil: NOW + 60_000,
        operations: [operationOf(create(path))],
      },
      client.publicKey,
    );
    const transaction = assemble(client.sign(signedBytes));
    if (told !== null)
      this.submitted.set(transaction.id, { account, requests: [create(told)], bytes: transaction.bytes });
    return transaction;
  }

  tell({ node, ledger }: Teller, at: number = ledger.tip.header.height, hash: string = ledger.tip.hash): void {
    this.chain.committed(node, at, hash as never);
  }
}

const [a, b] = ['a', 'b'] as const;

const WRONG: Readonly<Record<string, (story: Story) => void>> = {
  'one block per height': (story) => {
    story.tell(new Teller(a).block(NOW, story.transaction('/x')));
    story.tell(new Teller(b).block(NOW, story.transaction('/y')));
  },
  'one certified hash per height': (story) => {
    const teller = new Teller(a).block(NOW, story.transaction('/x'));
    story.tell(teller);
    story.chain.certified(teller.certify(1, '11'.repeat(32)).node, 1);
  },
  'a certificate for the final height': (story) => {
    const teller = new Teller(a).block(NOW, story.transaction('/x'));
    story.tell(teller);
    story.chain.certified(teller.node, 1);
  },
  'a certificate is signed by a quorum': (story) => {
    const teller = new Teller(a).block(NOW, story.transaction('/x'));
    story.tell(teller);
    story.chain.certified(teller.certify(1, teller.hashAt(1), 1).node, 1);
  },
  'each transaction once': (story) => {
    const teller = new Teller(a);
    teller.ledger.isKnown = () => false;
    // It fails the second time, as the model has it.
    const transaction = story.transaction('/x');
    story.tell(teller.block(NOW, transaction).block(NOW, transaction));
  },
  'every transaction is signed': (story) => {
    const { bytes } = story.transaction('/x');
    const spoiled = bytes.slice();
    spoiled[spoiled.length - 1] = (spoiled.at(-1) as number) ^ 1;
    story.tell(new Teller(a).block(NOW, decodeTransaction(spoiled)));
  },
  'outcomes as the model has them': (story) => {
    const [first, second] = [story.transaction('/x'), story.transaction('/y', '/x')];
    story.tell(new Teller(a).block(NOW, first, second));
  },
  'only what was submitted': (story) => story.tell(new Teller(a).block(NOW, story.transaction('/x', null))),
  'block time near real time': (story) => story.tell(new Teller(a).block(NOW + 2501, story.transaction('/x'))),
  'block time never falls': (story) => {
    const teller = new Teller(a);
    teller.ledger.blockTime = (time) => time;
    story.tell(teller.block(NOW, story.transaction('/x')).block(NOW - 1, story.transaction('/y')));
  },
  'hash-linked blocks': (story) => {
    story.tell(new Teller(a).block(NOW, story.transaction('/w')));
    story.tell(new Teller(b).block(NOW, story.transaction('/x')).block(NOW, story.transaction('/y')));
  },
  'contiguous heights': (story) => {
    const teller = new Teller(a).block(NOW, story.transaction('/x'));
    story.tell(teller, 2, '22'.repeat(32));
  },
};

describe('the canonical chain', () => {
  it.each(Object.entries(WRONG))('reports what breaks "%s", and nothing else', (check, tell) => {
    const story = new Story();
    tell(story);
    expect(story.violations).toEqual([check]);
  });

  it('walks along what a node has in the end', () => {
    const story = new Story();
    const [x, y] = [story.transaction('/x'), story.transaction('/y')];
    story.tell(new Teller(a).block(NOW, x).block(NOW, y));
    story.chain.walk(new Teller(b).block(NOW, x).node);
    expect(story.violations).toEqual([]);
    story.chain.walk(new Teller(b).block(NOW, x).block(NOW - 1, y).node);
    expect(story.violations).toEqual(['one block per height']);
  });

  it('has nothing to say of a right story, whoever tells it first', () => {
    const story = new Story();
    const [x, y, z] = [story.transaction('/x'), story.transaction('/y'), story.transaction('/x')];
    const told = (name: string): Teller => new Teller(name).block(NOW - 5, x).block(NOW + 2500, y, z, x);
    const [first, second] = [told(a), told(b)];
    story.tell(first);
    story.tell(second);
    story.chain.certified(second.certify(2).node, 2);
    expect(story.violations).toEqual([]);
    expect(story.chain).toMatchObject({ height: 2, finalHeight: 2 });
    expect(story.chain.transactions.map(({ transaction, outcome }) => [transaction, outcome])).toEqual([
      [x.id, 'OK'],
      [y.id, 'OK'],
      [z.id, 'NODE_EXISTS'],
    ]);
    expect(story.chain.positionOf(z.id)).toEqual({ height: 2, leafIndex: 1 });
  });
});
