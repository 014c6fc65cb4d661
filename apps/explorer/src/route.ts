import { signal } from '@preact/signals';

/** What the address names. */
export type Route =
  | { readonly page: 'home' }
  | { readonly page: 'blocks'; readonly before: number | undefined }
  | { readonly page: 'block'; readonly id: string }
  | { readonly page: 'transaction'; readonly id: string }
  | { readonly page: 'account'; readonly id: string }
  | { readonly page: 'state'; readonly module: string; readonly key: string }
  | { readonly page: 'node'; readonly path: string }
  | { readonly page: 'validators' }
  | { readonly page: 'evidence'; readonly after: string | undefined }
  | { readonly page: 'search'; readonly query: string }
  | { readonly page: 'missing'; readonly address: string };

function parse(hash: string): Route {
  const [path = '', search = ''] = hash.replace(/^#\/?/, '').split('?');
  const [page = '', id = '', key = ''] = path.split('/').map(decodeURIComponent);
  const words = new URLSearchParams(search);
  switch (page) {
    case '':
      return { page: 'home' };
    case 'blocks': {
      const before = Number(words.get('before') ?? Number.NaN);
      return { page: 'blocks', before: Number.isSafeInteger(before) ? before : undefined };
    }
    case 'block':
      return { page: 'block', id };
    case 'tx':
      return { page: 'transaction', id };
    case 'account':
      return { page: 'account', id };
    case 'node':
      return { page: 'node', path: words.get('path') ?? '/' };
    case 'state':
      return { page: 'state', module: id, key };
    case 'validators':
      return { page: 'validators' };
    case 'evidence':
      return { page: 'evidence', after: words.get('after') ?? undefined };
    case 'search':
      return { page: 'search', query: words.get('q') ?? '' };
    default:
      return { page: 'missing', address: path };
  }
}

/** The page shown; follows the part of the address after `#`. */
export const route = signal<Route>(parse(location.hash));

addEventListener('hashchange', () => {
  route.value = parse(location.hash);
  scrollTo(0, 0);
});

/** Addresses of pages. */
export const link = {
  home: '#/',
  blocks: (before?: number): string => (before === undefined ? '#/blocks' : `#/blocks?before=${before}`),
  block: (id: string | number): string => `#/block/${id}`,
  transaction: (id: string): string => `#/tx/${id}`,
  account: (id: string): string => `#/account/${id}`,
  /** @param key - In hexadecimal. */
  state: (module: string, key: string): string => `#/state/${encodeURIComponent(module)}/${key}`,
  /** State of a node of the coordination tree. */
  node: (path: string): string => `#/node?path=${encodeURIComponent(path)}`,
  validators: '#/validators',
  evidence: (after?: string): string => (after === undefined ? '#/evidence' : `#/evidence?after=${after}`),
  search: (query: string): string => `#/search?q=${encodeURIComponent(query)}`,
};
