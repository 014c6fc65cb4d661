import { useSignal } from '@preact/signals';
import type { StateAnswer } from '@varve/client';
import type { JSX } from 'preact';
import { isChainId, pinChainId, pinnedChainId } from './chain-pin.ts';
import type { Judgement, Line } from './judge.ts';
import { type Loaded, useLoaded } from './load.ts';
import { Hash, Panel } from './parts.tsx';

/** A receipt, verified by this browser. What verifies is loaded only here. */
export function VerifiedReceipt({ id }: { id: string }): JSX.Element {
  const loaded = useLoaded(`verify ${id}`, async (signal) => (await import('./judge.ts')).judgeReceipt(id, signal));
  return <Judged of="receipt" loaded={loaded} />;
}

/** A state answer, verified by this browser. */
export function VerifiedState({
  module,
  path,
  answer,
}: {
  module: string;
  path: string;
  answer: StateAnswer;
}): JSX.Element {
  const loaded = useLoaded(`verify ${module} ${path} ${answer.height}`, async (signal) =>
    (await import('./judge.ts')).judgeState(module, path, answer, signal),
  );
  return <Judged of="value" loaded={loaded} />;
}

/** What came of it. Where a verification could not even begin, whoever reads the page has to know that too. */
function Judged({ of, loaded }: { of: string; loaded: Loaded<Judgement> }): JSX.Element {
  if (loaded.state === 'ready') return <Verdict of={of} judgement={loaded.value} />;
  if (loaded.state === 'loading') return <p class="quiet">Loading…</p>;
  const { code, message, hint } = loaded.failure;
  return (
    <Panel title={TITLE} aside={<span class="badge bad">not verified</span>}>
      <p class="alert" role="alert">
        Nothing could be verified: do not rely on this {of}. <strong>{code}</strong> {message}
      </p>
      {hint && <p class="quiet">{hint}</p>}
    </Panel>
  );
}

const TITLE = 'Verified in this browser';

function Verdict({ of, judgement }: { of: string; judgement: Judgement }): JSX.Element {
  const { chainId, lines, refusal, unless } = judgement;
  const chain = chainLine(chainId);
  const badge = badgeOf(judgement, chain);
  return (
    <Panel title={TITLE} aside={<span class={`badge ${badge.kind}`}>{badge.text}</span>}>
      <ol class="steps">
        {[...lines, ...(chain ? [chain] : [])].map((line) => (
          <li key={line.text} class={line.ok ? 'good' : 'bad'}>
            <span role="img" aria-label={line.ok ? 'holds' : 'does not hold'}>
              {line.ok ? '✓' : '✗'}
            </span>{' '}
            {line.text}
          </li>
        ))}
      </ol>
      {refusal && (
        <p class="alert" role="alert">
          {chainId === undefined && 'Nothing could be verified. '}Do not rely on this {of}.{' '}
          <strong>{refusal.reason}</strong> {refusal.detail}
        </p>
      )}
      {unless && <p class="quiet">It holds {unless}.</p>}
      {chainId !== undefined && <ChainPin served={chainId} />}
    </Panel>
  );
}

/** Whether the chain is the one that the reader knows. */
function chainLine(chainId: string | undefined): Line | undefined {
  const pinned = pinnedChainId.value;
  if (pinned === undefined || chainId === undefined) return undefined;
  return pinned === chainId
    ? { ok: true, text: 'The chain is the one whose id you entered in this browser.' }
    : { ok: false, text: `The chain is not yours: you entered ${pinned}.` };
}

function badgeOf({ refusal }: Judgement, chain: Line | undefined): { readonly kind: string; readonly text: string } {
  if (refusal) return { kind: 'bad', text: 'proves nothing' };
  if (chain === undefined) return { kind: '', text: 'holds, if the chain id is right' };
  return chain.ok ? { kind: 'good', text: 'verified' } : { kind: 'bad', text: 'of another chain' };
}

/** Where the reader says which chain is his. */
function ChainPin({ served }: { served: string }): JSX.Element {
  const fault = useSignal('');
  const enter = (event: Event): void => {
    event.preventDefault();
    const text = String(new FormData(event.currentTarget as HTMLFormElement).get('chain') ?? '')
      .trim()
      .toLowerCase();
    fault.value = isChainId(text) ? '' : 'A chain id has 64 hexadecimal digits.';
    if (isChainId(text)) pinChainId(text);
  };
  const take = async (event: Event): Promise<void> => {
    const [file] = (event.currentTarget as HTMLInputElement).files ?? [];
    if (file === undefined) return;
    try {
      const { chainIdOfFile } = await import('./genesis-file.ts');
      pinChainId(chainIdOfFile(new Uint8Array(await file.arrayBuffer())));
      fault.value = '';
    } catch (error) {
      fault.value = error instanceof Error ? error.message : String(error);
    }
  };
  if (pinnedChainId.value !== undefined) {
    return (
      <p class="quiet">
        Compared with the chain id that you entered, <Hash value={pinnedChainId.value} />.{' '}
        <button type="button" onClick={() => pinChainId(undefined)}>
          Forget it
        </button>
      </p>
    );
  }
  return (
    <details class="pin" open>
      <summary>Is it the right chain? This page cannot know.</summary>
      <p>
        The genesis document came from the same node as everything else: a node that lies could serve the document of a
        chain of its own, and all of the above would hold there. Compare the chain id with one that you have from
        somewhere else: <Hash value={served} long />
      </p>
      <form onSubmit={enter}>
        <input name="chain" placeholder="Paste the chain id that you know" aria-label="Chain id" />
        <button type="submit">Compare from now on</button>
      </form>
      <label>
        Or choose your own genesis.json:{' '}
        <input type="file" aria-label="Genesis file" onChange={(event) => void take(event)} />
      </label>
      {fault.value && <p role="alert">{fault.value}</p>}
    </details>
  );
}
