import { ED25519_TORSION_SUBGROUP, ed25519 } from '@noble/curves/ed25519.js';
import { sha512 } from '@noble/hashes/sha2.js';
import { createSigner, sha256, verifySignature, verifySignatureNative } from '@varve/crypto';
import { concatBytes, fromHex, publicKeyHex, toHex, utf8Encode } from '@varve/encoding';
import {
  chainIdOf,
  decodedTransaction,
  encodeBlock,
  encodeCertificate,
  encodeReceipt,
  type Genesis,
  prepareTransaction,
  RULES_KNOWN,
} from '@varve/ledger';
import { receiptOf, type StoreOperation } from '@varve/ledger/chain';
import { accountDirectory, accountIdOf, builtinModules } from '@varve/modules';
import { raft } from '@varve/raft';
import { verifyReceipt } from '@varve/verify';
import { describe, expect, it } from 'vitest';
import {
  audit,
  certificateBy,
  create,
  PlantedChain,
  genesis as plain,
  THREE,
} from '../packages/audit/test/planted-chain.ts';
import { ENGINE_TIMING_DEFAULT, ENGINE_WINDOW_DEFAULT } from '../packages/consensus/src/index.ts';
import { initialized, type MemoryStore, T0 } from '../packages/ledger/test/harness.ts';
import {
  type Answer,
  encodePackets,
  POOL_LIMITS_DEFAULT,
  Validator,
  type ValidatorEvent,
  ValidatorLoader,
} from '../packages/validator/src/index.ts';

/** Order of the prime subgroup, RFC 8032 §5.1. */
const L = 2n ** 252n + 27742317777372353535851937790883648493n;
const { Point } = ed25519;
/** A point of order 8, the identity in another encoding, y = p + 1, and a small-order key. */
const TORSION = Point.fromHex(ED25519_TORSION_SUBGROUP[1] as string);
const IDENTITY_NON_CANONICAL = fromHex(`ee${'ff'.repeat(30)}7f`);
const SMALL_ORDER = fromHex(ED25519_TORSION_SUBGROUP[1] as string);

const seed = sha256(utf8Encode('one verdict'));
const { scalar: a, pointBytes: publicKey, point: A } = ed25519.utils.getExtendedPublicKey(seed);
const mixedKey = A.add(TORSION).toBytes();
const signer = createSigner(seed);

const littleEndian = (bytes: Uint8Array): bigint => BigInt(`0x${toHex(bytes.slice().reverse())}`);
const scalarBytes = (s: bigint): Uint8Array => fromHex(s.toString(16).padStart(64, '0')).reverse();
const challenge = (R: Uint8Array, key: Uint8Array, message: Uint8Array): bigint =>
  littleEndian(sha512(concatBytes(R, key, message))) % L;
/** (R, s) with s = r + k·a, whatever points R and the key are encoded as. */
const signature = (R: Uint8Array, r: bigint, key: Uint8Array, message: Uint8Array): Uint8Array =>
  concatBytes(R, scalarBytes((r + challenge(R, key, message) * a) % L));
const NONCE = 12345678901234567890n;

/** What signs, how, and whether the ledger's one rule, ZIP 215, takes it. */
const cases: readonly {
  readonly name: string;
  readonly key: Uint8Array;
  readonly sign: (message: Uint8Array) => Uint8Array;
  readonly good: boolean;
}[] = [
  { name: 'valid', key: publicKey, sign: (m) => signer.sign(m), good: true },
  {
    name: 'malleated, s + L',
    key: publicKey,
    sign: (m) => {
      const made = signer.sign(m);
      return concatBytes(made.subarray(0, 32), scalarBytes(littleEndian(made.subarray(32)) + L));
    },
    good: false,
  },
  {
    name: 'of another message',
    key: publicKey,
    sign: (m) => signer.sign(concatBytes(m, Uint8Array.of(0))),
    good: false,
  },
  { name: 'small-order R', key: publicKey, sign: (m) => signature(SMALL_ORDER, 0n, publicKey, m), good: true },
  {
    name: 'mixed-order R',
    key: publicKey,
    sign: (m) => signature(Point.BASE.multiply(NONCE).add(TORSION).toBytes(), NONCE, publicKey, m),
    good: true,
  },
  {
    name: 'non-canonical R',
    key: publicKey,
    sign: (m) => signature(IDENTITY_NON_CANONICAL, 0n, publicKey, m),
    good: true,
  },
  {
    name: 'R that is no point',
    key: publicKey,
    sign: (m) => signature(fromHex(`02${'00'.repeat(31)}`), 0n, publicKey, m),
    good: false,
  },
  { name: 'small-order key', key: SMALL_ORDER, sign: () => concatBytes(SMALL_ORDER, new Uint8Array(32)), good: true },
  {
    name: 'small-order key, wrong s',
    key: SMALL_ORDER,
    sign: () => concatBytes(SMALL_ORDER, scalarBytes(1n)),
    good: false,
  },
  {
    name: 'mixed-order key',
    key: mixedKey,
    sign: (m) => signature(Point.BASE.multiply(NONCE).toBytes(), NONCE, mixedKey, m),
    good: true,
  },
  {
    name: 'non-canonical key',
    key: IDENTITY_NON_CANONICAL,
    sign: () => concatBytes(SMALL_ORDER, new Uint8Array(32)),
    good: true,
  },
  {
    name: 'key that is no point',
    key: fromHex(`02${'00'.repeat(31)}`),
    sign: (m) => signature(SMALL_ORDER, 0n, publicKey, m),
    good: false,
  },
];

/** Nobody registers such keys: a genesis document that nobody checked has them all. */
const keys = [...new Map(cases.map(({ key }) => [toHex(key), key])).values()];
const genesis: Genesis = {
  ...plain,
  accounts: keys.map((key) => ({ publicKey: publicKeyHex(toHex(key)), organization: 'one', roles: ['client'] })),
};

function transactionOf({ key, sign }: (typeof cases)[number]): Uint8Array {
  const body = {
    chainId: chainIdOf(genesis),
    account: accountIdOf(key),
    nonce: new Uint8Array(16),
    validUntil: T0 + 300_000,
    operations: [create('/a')],
  };
  const { signedBytes, assemble } = prepareTransaction(body, key);
  return assemble(sign(signedBytes)).bytes;
}

/** An observer on a new store, whose jobs are done at once; what came of its events. */
class Observer {
  readonly answers: Answer[] = [];
  halted: string | undefined;
  readonly validator: Validator;
  readonly #store: MemoryStore;
  #now = 0;

  constructor() {
    const surroundings = { genesis, modules: builtinModules(), accounts: accountDirectory };
    this.#store = initialized(surroundings);
    const loader = new ValidatorLoader();
    for (const range of ValidatorLoader.ranges)
      for (const [key, value] of this.#store.range(range)) loader.add(key, value);
    const isSigned = (t: { publicKey: Uint8Array; signedBytes: Uint8Array; signature: Uint8Array }): boolean =>
      verifySignature(t.publicKey, t.signedBytes, t.signature);
    const loaded = loader.finish(
      this.#store,
      { ...surroundings, isSigned, rebuild: false, rulesKnown: RULES_KNOWN },
      genesis,
    );
    this.validator = new Validator(
      loaded,
      {
        networkKey: publicKeyHex(toHex(createSigner(sha256(utf8Encode('observer'))).publicKey)),
        signingKeys: [],
        protocols: () => raft,
        timing: ENGINE_TIMING_DEFAULT,
        window: ENGINE_WINDOW_DEFAULT,
        pool: POOL_LIMITS_DEFAULT,
        signatureRule: verifySignature,
        bootId: '00'.repeat(16),
        salt: '5a17'.repeat(8),
        verdictsMax: 1000,
      },
      this.#instant(),
    );
    this.tell({ kind: 'timer' });
  }

  /** Carries out whatever follows, for a virtual second. */
  tell(event: ValidatorEvent): this {
    let queue: ValidatorEvent[] = [event];
    for (let turn = 0; turn < 50; turn++) {
      const next: ValidatorEvent[] = [];
      for (const one of queue) {
        if (this.halted !== undefined) return this;
        const effects = this.validator.step(one, this.#instant());
        this.halted = effects.halt?.code;
        this.answers.push(...effects.answers);
        if (effects.persist) {
          this.#store.write(effects.persist.operations as StoreOperation[]);
          next.push({ kind: 'persisted', batch: effects.persist.batch });
        }
        for (const { job, items } of effects.verify) {
          const verdicts = items.map(({ publicKey: key, message, signature: made, strict }) =>
            (strict ? verifySignatureNative : verifySignature)(key, message, made),
          );
          next.push({ kind: 'verified', job, verdicts });
        }
      }
      this.#now += 20;
      queue = [...next, { kind: 'timer' }];
    }
    return this;
  }

  #instant(): { monotonic: number; wall: number } {
    return { monotonic: this.#now, wall: T0 + this.#now };
  }
}

describe.each(cases)('a signature: $name', (one) => {
  const bytes = transactionOf(one);
  const transaction = decodedTransaction(bytes);

  /** A chain with the transaction in block 1, whoever would have passed over it. */
  function chainWith(): PlantedChain {
    const chain = new PlantedChain(genesis);
    if (chain.run([bytes], T0 + 1000).block) chain.ledger.certify(certificateBy(chain.ledger.tip, THREE));
    else {
      const lying = new PlantedChain(genesis);
      return lying.liar([bytes]);
    }
    chain.flush();
    return chain;
  }

  it(`is ${one.good ? 'taken' : 'refused'} on every path`, () => {
    const { execution } = new PlantedChain(genesis).run([bytes], T0 + 1000);
    const chain = chainWith();
    const observer = new Observer();
    const { ledger } = chain;
    const payload = chain.store.get(new Uint8Array([0x50, ...fromHex(ledger.tip.header.payloadHash)]));
    const block = encodeBlock({ sealed: ledger.tip, payload: (payload ?? new Uint8Array()).slice(0, -4) });
    const certificate = encodeCertificate(certificateBy(ledger.tip, THREE));
    const [gossip] = encodePackets([{ kind: 'blocks', blocks: [{ block, certificate }] }]);
    const from = genesis.configuration.validators[0]?.networkKey as never;
    observer.tell({ kind: 'gossip', from, topic: 'blocks', bytes: gossip as Uint8Array });
    const receipt = transaction && receiptOf(ledger, transaction.id);
    const verified = receipt && verifyReceipt(encodeReceipt(receipt), { genesis });
    const { findings } = audit(chain.store, genesis);
    const admitting = new Observer().tell({ kind: 'submit', request: 1, transactions: [bytes] });
    const [answer] = admitting.answers;
    const admitted = answer?.kind === 'submitted' && answer.admissions[0]?.admitted === true;

    expect({
      rule: transaction && verifySignature(transaction.publicKey, transaction.signedBytes, transaction.signature),
      execution: execution.skipped.map(({ code }) => code),
      blockSync: observer.halted ?? observer.validator.ledger.finalHeight,
      audit: findings.filter(({ code }) => code.startsWith('TRANSACTION_')).map(({ code, text }) => [code, text]),
      auditClean: findings.length === 0,
      verify: verified?.ok === true ? 'ok' : verified?.reason,
    }).toEqual(
      one.good
        ? { rule: true, execution: [], blockSync: 1, audit: [], auditClean: true, verify: 'ok' }
        : {
            rule: false,
            execution: ['SIGNATURE_INVALID'],
            blockSync: 'STATE_DIVERGED',
            audit: [['TRANSACTION_INADMISSIBLE', 'item 0 of the payload: SIGNATURE_INVALID']],
            auditClean: false,
            verify: 'SIGNATURE_INVALID',
          },
    );
    expect(answer?.kind).toBe('submitted');
    // Admission may refuse more, and never takes more.
    if (!one.good) expect(admitted).toBe(false);
    if (one.name === 'valid') expect(admitted).toBe(true);
  });
});

describe('wrong lengths', () => {
  const good = transactionOf(cases[0] as (typeof cases)[number]);
  const { signedBytes, assemble } = prepareTransaction(
    {
      chainId: chainIdOf(genesis),
      account: accountIdOf(publicKey),
      nonce: new Uint8Array(16),
      validUntil: T0 + 300_000,
      operations: [create('/a')],
    },
    publicKey,
  );
  const made = signer.sign(signedBytes);

  it.each([0, 32, 63, 65, 128])('of a signature, %i bytes, are refused on every path', (length) => {
    const wrong = concatBytes(made, new Uint8Array(64)).subarray(0, length);
    expect(verifySignature(publicKey, signedBytes, wrong)).toBe(false);
    expect(verifySignatureNative(publicKey, signedBytes, wrong)).toBe(false);
    expect(() => assemble(wrong)).toThrow('TRANSACTION_MALFORMED');
    // The same bytes as a relay could send them: the head of the signature and all after it replaced.
    const heads = length < 24 ? [0x40 + length] : [0x58, length];
    const bytes = concatBytes(good.subarray(0, good.length - 66), Uint8Array.from(heads), wrong);
    expectMalformed(bytes);
  });

  it.each([31, 33])('of a key, %i bytes, are refused on every path', (length) => {
    const key = concatBytes(publicKey, new Uint8Array(1)).subarray(0, length);
    expect(verifySignature(key, signedBytes, made)).toBe(false);
    expect(verifySignatureNative(key, signedBytes, made)).toBe(false);
    const head = fromHex(`d284${length === 31 ? '5825' : '5827'}a201270458${length.toString(16)}`);
    expectMalformed(concatBytes(head, key, good.subarray(10 + 32)));
  });

  function expectMalformed(bytes: Uint8Array): void {
    expect(decodedTransaction(bytes)).toBeUndefined();
    expect(new PlantedChain(genesis).run([bytes], T0 + 1000).execution.skipped).toMatchObject([
      { code: 'TRANSACTION_MALFORMED' },
    ]);
    const [answer] = new Observer().tell({ kind: 'submit', request: 1, transactions: [bytes] }).answers;
    expect(answer).toMatchObject({ admissions: [{ admitted: false, code: 'TRANSACTION_MALFORMED' }] });
    // In a receipt of a real block it is no transaction either.
    const chain = new PlantedChain(genesis);
    chain.block([good], T0 + 1000);
    chain.ledger.certify(certificateBy(chain.ledger.tip, THREE));
    const id = decodedTransaction(good)?.id;
    const receipt = id && receiptOf(chain.ledger, id);
    const verdict = receipt && verifyReceipt(encodeReceipt({ ...receipt, transaction: bytes }), { genesis });
    expect(verdict).toMatchObject({ ok: false, reason: 'TRANSACTION_MALFORMED' });
    // Beside a good one in a block it is passed over, in execution and in the audit alike.
    const both = new PlantedChain(genesis);
    both.block([bytes, good], T0 + 1000);
    both.ledger.certify(certificateBy(both.ledger.tip, THREE));
    both.flush();
    const { auditor, findings } = audit(both.store, genesis);
    expect([findings, auditor.counts.skipped]).toEqual([[], 1]);
  }
});
