import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { AccountPage } from './account.tsx';
import { EvidencePage } from './evidence.tsx';
import { connection, status } from './live.ts';
import { BlockPage, BlocksPage, HomePage, SearchPage, TransactionPage, ValidatorsPage } from './pages.tsx';
import { link, type Route, route } from './route.ts';
import { NodePage, StatePage } from './state.tsx';

const LINK_TEXT = { connecting: 'connecting', live: 'live', lost: 'disconnected' } as const;

export function App(): JSX.Element {
  return (
    <>
      <Top />
      <main>{pageOf(route.value)}</main>
      <footer>
        <span title={status.value?.chainId}>chain {status.value?.chainId.slice(0, 16) ?? '…'}</span>
        <span>{status.value && `${status.value.protocol}, ${status.value.configuration.validators} validators`}</span>
        <a href="docs">API</a>
      </footer>
    </>
  );
}

function Top(): JSX.Element {
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const focus = (event: KeyboardEvent): void => {
      if (event.key !== '/' || event.target instanceof HTMLInputElement) return;
      event.preventDefault();
      field.current?.focus();
    };
    addEventListener('keydown', focus);
    return () => removeEventListener('keydown', focus);
  }, []);
  const search = (event: Event): void => {
    event.preventDefault();
    const query = field.current?.value.trim();
    if (query) location.hash = query.startsWith('/') ? link.node(query) : link.search(query);
  };
  return (
    <header class="top">
      <a class="name" href={link.home}>
        <svg viewBox="0 0 16 16" aria-hidden="true">
          <path d="M1 4h14M1 8h14M1 12h14" />
        </svg>
        {status.value?.title ?? 'Varve'}
      </a>
      <nav>
        <a href={link.blocks()}>Blocks</a>
        <a href={link.validators}>Validators</a>
        <a href={link.evidence()}>Evidence</a>
      </nav>
      <search>
        <form onSubmit={search}>
          <input
            ref={field}
            type="search"
            placeholder="Height, hash, id, account, /path, validator  ( / )"
            aria-label="Search"
          />
        </form>
      </search>
      <span class={`link ${connection.value}`} role="status">
        {status.value?.name && `${status.value.name} · `}
        {LINK_TEXT[connection.value]}
      </span>
    </header>
  );
}

function pageOf(shown: Route): JSX.Element {
  switch (shown.page) {
    case 'home':
      return <HomePage />;
    case 'blocks':
      return <BlocksPage before={shown.before} />;
    case 'block':
      return <BlockPage id={shown.id} />;
    case 'transaction':
      return <TransactionPage id={shown.id} />;
    case 'account':
      return <AccountPage id={shown.id} />;
    case 'node':
      return <NodePage path={shown.path} />;
    case 'state':
      return <StatePage module={shown.module} path={shown.key} />;
    case 'validators':
      return <ValidatorsPage />;
    case 'evidence':
      return <EvidencePage after={shown.after} />;
    case 'search':
      return <SearchPage query={shown.query} />;
    case 'missing':
      return <p>There is no page {shown.address}.</p>;
  }
}
