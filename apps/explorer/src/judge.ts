import { type StateAnswer, stateClaim } from '@varve/client';
import { bytesEqual, fromHex, isHex } from '@varve/encoding';
import { chainIdOf, decodeGenesis } from '@varve/ledger';
import { type Finality, holdsUnless, type Verdict, verifyReceipt, verifyState } from '@varve/verify';
import { api } from './api.ts';

/** One line of a verification. */
export interface Line {
  readonly ok: boolean;
  readonly text: string;
}

/** What came of a verification in this browser. */
export interface Judgement {
  /** Of the genesis document as the node served it; absent where that is none. */
  readonly chainId: string | undefined;
  readonly lines: readonly Line[];
  /** Why nothing is proven; absent where all holds. */
  readonly refusal: { readonly reason: string; readonly detail: string } | undefined;
  /** Who must not have lied, as words after "It holds"; absent where nothing is proven. */
  readonly unless: string | undefined;
}

/** Fetches the receipt of a transaction and verifies it here. */
export async function judgeReceipt(id: string, signal: AbortSignal): Promise<Judgement> {
  const [receipt, genesis] = await Promise.all([api.receiptBytes(id, signal), api.genesisBytes(signal)]);
  const verdict = verifyReceipt(receipt, { genesis });
  return judgementOf(verdict, genesis, verdict.ok && verdict.report.transactionId !== id ? 'transaction' : undefined);
}

/** Fetches a state value with its proof and verifies it here, as the value of exactly this key. */
export async function judgeState(
  module: string,
  key: string,
  shown: StateAnswer,
  signal: AbortSignal,
): Promise<Judgement> {
  const [genesis, configurations] = await Promise.all([api.genesisBytes(signal), api.configurations(signal)]);
  const claim = stateClaim(shown, configurations);
  const asked = keyOf(key);
  const verdict = verifyState({ ...claim, module, key: asked }, { genesis });
  const isOther = verdict.ok && (claim.module !== module || !bytesEqual(claim.key, asked));
  return judgementOf(verdict, genesis, isOther ? 'key' : undefined);
}

/** The chain of a document as a node served it, which is the reader's to judge; none of what is no document. */
function servedChainId(genesis: Uint8Array): string | undefined {
  try {
    return chainIdOf(decodeGenesis(genesis));
  } catch {
    return undefined;
  }
}

function judgementOf(
  verdict: Verdict<Finality>,
  genesis: Uint8Array,
  other: 'transaction' | 'key' | undefined,
): Judgement {
  const chainId = servedChainId(genesis);
  const { steps } = verdict;
  if (!verdict.ok) {
    const { reason, detail } = verdict;
    return { chainId, lines: steps, refusal: { reason, detail }, unless: undefined };
  }
  if (other === undefined) return { chainId, lines: steps, refusal: undefined, unless: holdsUnless(verdict.report) };
  const text = `It is of another ${other} than the one that this page shows.`;
  return {
    chainId,
    lines: [...steps, { ok: false, text }],
    refusal: { reason: 'ANSWER_FOREIGN', detail: text },
    unless: undefined,
  };
}

/** What is no hexadecimal is no key: nothing is proven of it. */
function keyOf(text: string): Uint8Array {
  return isHex(text) ? fromHex(text) : new Uint8Array();
}
