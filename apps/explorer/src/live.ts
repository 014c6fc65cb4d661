import { signal } from '@preact/signals';
import type { BlockSummary, ExecutedAnswer, StatusAnswer } from '@varve/client';
import { api, apiUrl } from './api.ts';

/** How the page hears of the chain. */
export type Link = 'connecting' | 'live' | 'lost';

const BLOCKS_SHOWN = 12;
const TRANSACTIONS_SHOWN = 14;
const STATUS_INTERVAL_MS = 2000;

export const connection = signal<Link>('connecting');
export const status = signal<StatusAnswer | undefined>(undefined);
/** Newest first. */
export const latestBlocks = signal<readonly BlockSummary[]>([]);
/** Newest first. */
export const latestTransactions = signal<readonly ExecutedAnswer[]>([]);

/** Fills the lists with what there is, then follows the node's stream of final blocks. */
export function startLive(): void {
  void fill();
  void refreshStatus();
  setInterval(() => void refreshStatus(), STATUS_INTERVAL_MS);
}

async function fill(): Promise<void> {
  try {
    const { blocks } = await api.blocks(BLOCKS_SHOWN);
    const final = blocks.filter((block) => block.final);
    latestBlocks.value = final;
    const whole = await Promise.all(
      final
        .filter((block) => block.header.transactionCount > 0)
        .slice(0, 4)
        .map((block) => api.block(String(block.header.height))),
    );
    latestTransactions.value = whole.flatMap((block) => [...block.transactions].reverse()).slice(0, TRANSACTIONS_SHOWN);
    follow(final[0]?.header.height ?? 0);
  } catch {
    connection.value = 'lost';
    setTimeout(() => void fill(), STATUS_INTERVAL_MS);
  }
}

function follow(after: number): void {
  // A height alone means: after everything of that block, which is shown already.
  const cursor = String(after);
  const source = new EventSource(apiUrl(`v1/events?topics=blocks,transactions&after=${cursor}`));
  source.onopen = () => {
    connection.value = 'live';
  };
  source.onerror = () => {
    connection.value = 'lost';
  };
  source.addEventListener('block', (event) => {
    const block = JSON.parse(event.data) as BlockSummary;
    latestBlocks.value = [block, ...latestBlocks.value].slice(0, BLOCKS_SHOWN);
  });
  source.addEventListener('transaction', (event) => {
    const transaction = JSON.parse(event.data) as ExecutedAnswer;
    latestTransactions.value = [transaction, ...latestTransactions.value].slice(0, TRANSACTIONS_SHOWN);
  });
}

async function refreshStatus(): Promise<void> {
  try {
    status.value = await api.status();
  } catch {
    connection.value = 'lost';
  }
}
