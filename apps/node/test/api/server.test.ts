import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { Agent, request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { type Api, type ApiOptions, createApi } from '../../src/api/index.ts';
import { TestNode } from './test-node.ts';

const open: Api[] = [];
afterEach(async () => {
  for (const api of open.splice(0)) await api.close();
});

async function serve(options: Partial<ApiOptions> = {}): Promise<Api> {
  const api = await createApi(new TestNode(), { host: '127.0.0.1', port: 0, ...options });
  open.push(api);
  await api.listen();
  return api;
}

async function codeOf(response: Response): Promise<string> {
  expect(response.headers.get('content-type')).toContain('application/problem+json');
  expect(response.headers.get('varve-height')).toBe('0');
  return `${response.status} ${((await response.json()) as { code: string }).code}`;
}

it('says which address is taken', async () => {
  const { address } = await serve();
  const port = Number(new URL(address).port);
  const second = await createApi(new TestNode(), { host: '127.0.0.1', port });
  await expect(second.listen()).rejects.toMatchObject({
    code: 'PORT_IN_USE',
    details: { address: `127.0.0.1:${port}` },
  });
  await second.close();
  const third = await createApi(new TestNode(), { host: '203.0.113.1', port: 0 });
  await expect(third.listen()).rejects.toMatchObject({ code: 'LISTEN_FAILED' });
  await third.close();
});

it('answers wrong addresses and methods with problems', async () => {
  const { address } = await serve();
  expect(await codeOf(await fetch(`${address}/v1/nothing`))).toBe('404 ROUTE_UNKNOWN');
  const wrong = await fetch(`${address}/v1/status`, { method: 'POST' });
  expect(wrong.headers.get('allow')).toBe('GET, HEAD');
  expect(await codeOf(wrong)).toBe('405 METHOD_NOT_ALLOWED');
  expect(await codeOf(await fetch(`${address}/v1/transactions`))).toBe('405 METHOD_NOT_ALLOWED');
  expect(await codeOf(await fetch(`${address}/v1/transactions`, { method: 'POST' }))).toBe(
    '415 CONTENT_TYPE_UNSUPPORTED',
  );
  expect(await codeOf(await fetch(`${address}/v1/blocks/%zz`))).toBe('400 REQUEST_INVALID');
});

it('keeps the connection after a malformed body', async () => {
  const { address } = await serve();
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const send = (type: string, body: string): Promise<{ status: number | undefined; port: number | undefined }> =>
    new Promise((resolve, reject) => {
      const request = httpRequest(
        `${address}/v1/transactions`,
        { agent, method: 'POST', headers: { 'content-type': type } },
        (response) => {
          const port = response.socket.localPort;
          response.resume().on('end', () => resolve({ status: response.statusCode, port }));
        },
      );
      request.on('error', reject).end(body);
    });
  const first = await send('application/json', '{');
  const second = await send('application/cose', 'no');
  const third = await send('application/cbor-seq', 'no');
  expect([first.status, second.status, third.status]).toEqual([400, 400, 400]);
  expect(new Set([first.port, second.port, third.port]).size).toBe(1);
  agent.destroy();
});

it('answers what is no HTTP, and too large headers', async () => {
  const { address } = await serve();
  const raw = (bytes: string): Promise<string> =>
    new Promise((resolve) => {
      let text = '';
      const socket = connect(Number(new URL(address).port), '127.0.0.1', () => socket.write(bytes));
      socket.on('data', (chunk) => {
        text += chunk;
      });
      socket.on('close', () => resolve(text));
    });
  expect(await raw('HELLO\r\n\r\n')).toMatch(/^HTTP\/1.1 400 [\s\S]*"code":"REQUEST_INVALID"/);
  const large = await raw(`GET / HTTP/1.1\r\nhost: x\r\nlong: ${'x'.repeat(20_000)}\r\n\r\n`);
  expect(large).toMatch(/^HTTP\/1.1 431 [\s\S]*"code":"HEADERS_TOO_LARGE"/);
});

it('demands the token for data, and for nothing else', async () => {
  const { address } = await serve({ token: 'secret' });
  const ask = (path: string, authorization?: string): Promise<Response> =>
    fetch(address + path, { headers: authorization ? { authorization } : {} });
  const refused = await ask('/v1/status');
  expect(refused.headers.get('www-authenticate')).toBe('Bearer');
  expect(await codeOf(refused)).toBe('401 TOKEN_INVALID');
  expect(await codeOf(await ask('/v1/status', 'Bearer wrong'))).toBe('401 TOKEN_INVALID');
  expect(await codeOf(await ask('/metrics'))).toBe('401 TOKEN_INVALID');
  expect(await codeOf(await ask('/v1/nothing'))).toBe('401 TOKEN_INVALID');
  expect(await codeOf(await ask('/%761/status'))).toBe('401 TOKEN_INVALID');
  expect((await ask('/v1/status', 'Bearer secret')).status).toBe(200);
  for (const path of ['/livez', '/readyz', '/openapi.json']) expect((await ask(path)).status).toBe(200);
});

it('serves the documentation from itself', async () => {
  const { address } = await serve();
  const page = await (await fetch(`${address}/docs/`)).text();
  expect(page).toContain('swagger-ui');
  expect(page).not.toMatch(/(src|href)="https?:/);
  expect((await fetch(`${address}/docs/static/swagger-ui.css`)).status).toBe(200);
  expect(await (await fetch(`${address}/docs/json`)).json()).toMatchObject({ openapi: '3.1.0' });
});

it('explains the code of a problem at the address that the problem names', async () => {
  const { address } = await serve();
  const { type, code } = (await (await fetch(`${address}/v1/blocks/7`)).json()) as { type: string; code: string };
  const page = await fetch(new URL(type, address));
  expect(page.status).toBe(200);
  expect(new URL(type, address).hash).toBe(`#${code}`);
  expect(await page.text()).toContain(`<dt id="${code}">`);
});

it('serves the explorer, and nothing outside its folder', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'varve-explorer-'));
  await mkdir(join(folder, 'dist', 'assets'), { recursive: true });
  await writeFile(join(folder, 'dist', 'index.html'), '<p>explorer');
  await writeFile(join(folder, 'dist', 'assets', 'main-1.js'), 'run()');
  await writeFile(join(folder, 'secret.txt'), 'secret');
  const { address } = await serve({ explorerDir: join(folder, 'dist') });
  for (const path of ['/', '/index.html', '/blocks/17']) {
    const answer = await fetch(address + path);
    expect([answer.status, answer.headers.get('content-type'), await answer.text()]).toEqual([
      200,
      'text/html; charset=utf-8',
      '<p>explorer',
    ]);
  }
  const script = await fetch(`${address}/assets/main-1.js`);
  expect(script.headers.get('cache-control')).toContain('immutable');
  for (const path of ['/../secret.txt', '/..%2fsecret.txt', '/assets/%2e%2e/%2e%2e/secret.txt', '/none.js']) {
    expect(await (await fetch(address + path)).text()).not.toBe('secret');
  }
  expect(await codeOf(await fetch(`${address}/none.js`))).toBe('404 ROUTE_UNKNOWN');
  expect(await codeOf(await fetch(`${address}/v1/none`))).toBe('404 ROUTE_UNKNOWN');
  await rm(folder, { recursive: true });
});

it('starts without an explorer', async () => {
  const { address } = await serve({ explorerDir: join(tmpdir(), 'varve-there-is-no-such-folder') });
  expect(await codeOf(await fetch(`${address}/`))).toBe('404 ROUTE_UNKNOWN');
});
