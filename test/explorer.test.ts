import { existsSync } from 'node:fs';
import { operations } from '@varve/client';
import { utf8Encode } from '@varve/encoding';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyBundle } from './support/bundle.ts';
import { TestDevnet } from './support/devnet.ts';

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
if (CHROMIUM === undefined) console.warn('skipped: the explorer in a browser, because no Chromium is installed');

/** Chromium must not try to reach anything but the node. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const PATIENCE = { timeout: 30_000 };

describe.skipIf(CHROMIUM === undefined)('the explorer', () => {
  let devnet: TestDevnet;
  let browser: Browser;
  let page: Page;
  const failures: string[] = [];
  const foreign: string[] = [];

  beforeAll(async () => {
    devnet = await TestDevnet.start(4);
    browser = await chromium.launch({ executablePath: CHROMIUM as string, args: FLAGS });
    page = await browser.newPage();
    page.on('pageerror', (error) => failures.push(error.message));
    page.on('request', (request) => {
      if (!request.url().startsWith(url()) && !request.url().startsWith('data:')) foreign.push(request.url());
    });
  });

  afterAll(async () => {
    await browser?.close();
    await devnet?.stop();
  });

  function url(): string {
    return devnet.members[1]?.httpUrl ?? '';
  }

  it('shows new transactions and their blocks without a reload', async () => {
    await page.goto(url());
    await page.locator('.link.live').waitFor(PATIENCE);
    const { transactionId } = await devnet.client(0).submit([operations.coordination.create('/seen', utf8Encode('x'))]);
    const row = page.locator('tr', { hasText: 'coordination.create /seen' });
    await row.waitFor(PATIENCE);
    expect(await row.locator('.badge.good').textContent()).toBe('OK');
    await page.locator('h2', { hasText: 'Latest blocks' }).waitFor(PATIENCE);
    await row.locator('a').first().click();
    await page.locator('h2', { hasText: 'Transaction' }).waitFor(PATIENCE);
    expect(await page.locator('main').textContent()).toContain(transactionId);
    await page.locator('.badge.good', { hasText: 'final' }).waitFor(PATIENCE);
  });

  it('shows a block with its certificate, and finds it by height and by hash', async () => {
    await page.goto(`${url()}/#/block/1`);
    await page.locator('dd', { hasText: 'sealed by' }).waitFor(PATIENCE);
    const hash = (await page.locator('dd .hash').first().textContent()) ?? '';
    for (const query of ['1', hash]) {
      await page.goto(url());
      await page.locator('input[type=search]').fill(query);
      await page.locator('input[type=search]').press('Enter');
      await page.locator('h2', { hasText: 'Block 1' }).waitFor(PATIENCE);
    }
  });

  it('says what it looked for when it finds nothing, and who is up', async () => {
    await page.goto(`${url()}/#/search?q=nothing-like-this`);
    await page.getByText('Nothing has this height').waitFor(PATIENCE);
    await page.goto(`${url()}/#/validators`);
    await page.locator('td', { hasText: 'validator-4' }).waitFor(PATIENCE);
    expect(await page.locator('tbody tr').count()).toBe(4);
  });

  it('shows who contradicted itself, from the validators on', async () => {
    await page.goto(`${url()}/#/evidence`);
    await page.getByText('This node knows of no validator').waitFor(PATIENCE);
    // No correct validator signs two statements, so the answers are made up.
    const key = 'ab'.repeat(32);
    const seal = (byte: string) => ({
      kind: 'seal',
      height: 7,
      blockHash: byte.repeat(32),
      configurationHash: key,
      signature: 'cd'.repeat(64),
    });
    const record = {
      id: key,
      validator: 'validator-3',
      organization: 'org3',
      signingKey: key,
      configuration: 0,
      configurationHash: key,
      kind: 'seals',
      height: 7,
      index: null,
      round: null,
      first: seal('11'),
      second: seal('22'),
      record: '00',
    };
    await page.route('**/v1/evidence?*', (route) =>
      route.fulfill({ json: { evidence: [record], total: 1, next: null } }),
    );
    await page.route('**/v1/validators', async (route) => {
      const answer = await (await route.fetch()).json();
      for (const validator of answer.validators) validator.evidence = validator.name === 'validator-3' ? 1 : 0;
      await route.fulfill({ json: answer });
    });
    await page.goto(`${url()}/#/validators`);
    await page.locator('a', { hasText: 'contradicted itself' }).click();
    await page.locator('h2', { hasText: 'validator-3 signed two seals for height 7' }).waitFor(PATIENCE);
    expect(await page.locator('dd', { hasText: '22'.repeat(32) }).count()).toBe(1);
    await page.unrouteAll();
  });

  /** The state of the panel, and its lines, once it says something. */
  async function verdict(badge: string): Promise<{ readonly good: number; readonly bad: number }> {
    const panel = page.locator('.panel', { hasText: 'Verified in this browser' });
    await panel.locator('.badge', { hasText: badge }).waitFor(PATIENCE);
    const [good, bad] = [panel.locator('.steps li.good'), panel.locator('.steps li.bad')];
    return { good: await good.count(), bad: await bad.count() };
  }

  /** Changes what the node answers at an address, as a node that lies would. */
  async function tamper(address: string, change: (body: Buffer) => Buffer): Promise<void> {
    await page.route(address, async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, body: change(await response.body()) });
    });
  }

  it('verifies a receipt step by step, and asks which chain is the right one', async () => {
    const { transactionId } = await devnet.client(0).submit([operations.coordination.create('/sure', utf8Encode('x'))]);
    await page.goto(`${url()}/#/tx/${transactionId}`);
    expect(await verdict('holds, if the chain id is right')).toEqual({ good: 7, bad: 0 });
    await page.getByText(/^It holds unless .* lied/).waitFor(PATIENCE);
    const enter = async (text: string) => {
      await page.locator('input[name=chain]').fill(text);
      await page.locator('button', { hasText: 'Compare from now on' }).click();
    };
    await enter('no chain id');
    await page.getByText('A chain id has 64 hexadecimal digits.').waitFor(PATIENCE);
    await enter('ab'.repeat(32));
    expect(await verdict('of another chain')).toEqual({ good: 7, bad: 1 });
    await page.reload();
    expect(await verdict('of another chain')).toEqual({ good: 7, bad: 1 });
    await page.locator('button', { hasText: 'Forget it' }).click();
    await page.locator('input[type=file]').setInputFiles(devnet.file.genesisFile);
    expect(await verdict('verified')).toEqual({ good: 8, bad: 0 });
  });

  it('shows a tampered receipt in red, with the reason', async () => {
    const { transactionId } = await devnet
      .client(0)
      .submit([operations.coordination.create('/paid', utf8Encode('10'))]);
    await tamper('**/receipt', (body) => Buffer.from(body.toString('latin1').replace('/paid', '/PAID'), 'latin1'));
    await page.goto(`${url()}/#/tx/${transactionId}`);
    expect(await verdict('proves nothing')).toMatchObject({ bad: 1 });
    await page.locator('.alert', { hasText: 'SIGNATURE_INVALID' }).waitFor(PATIENCE);
    await page.unrouteAll();
    const other = await devnet.client(0).submit([operations.coordination.create('/other', utf8Encode('x'))]);
    await page.route('**/receipt', async (route) =>
      route.fulfill({
        response: await route.fetch({ url: route.request().url().replace(transactionId, other.transactionId) }),
      }),
    );
    await page.reload();
    expect(await verdict('proves nothing')).toEqual({ good: 8, bad: 1 });
    await page.locator('.alert', { hasText: 'ANSWER_FOREIGN' }).waitFor(PATIENCE);
    await page.unrouteAll();
  });

  it('verifies values of the state, present and absent, and accounts', async () => {
    await page.goto(url());
    await page.locator('input[type=search]').fill('/paid');
    await page.locator('input[type=search]').press('Enter');
    await page.locator('h2', { hasText: 'Node /paid' }).waitFor(PATIENCE);
    expect(await verdict('verified')).toEqual({ good: 7, bad: 0 });
    await page.goto(`${url()}/#/node?path=%2Fnowhere`);
    await page.locator('.badge', { hasText: 'absent' }).waitFor(PATIENCE);
    expect(await verdict('verified')).toEqual({ good: 7, bad: 0 });
    await page.goto(`${url()}/#/account/${devnet.file.accounts[0]?.accountId}`);
    await page.locator('dd', { hasText: 'org1' }).waitFor(PATIENCE);
    expect(await verdict('verified')).toEqual({ good: 7, bad: 0 });
    await tamper('**/v1/state/**', (body) => {
      const answer = JSON.parse(body.toString());
      return Buffer.from(JSON.stringify({ ...answer, version: answer.version + 1 }));
    });
    await page.reload();
    expect(await verdict('proves nothing')).toEqual({ good: 6, bad: 1 });
    await page.locator('.alert', { hasText: 'STATE_MISMATCH' }).waitFor(PATIENCE);
    await page.unrouteAll();
  });

  it('says that nothing could be verified, where the genesis document is none or missing', async () => {
    const { accountId } = devnet.file.accounts[0] ?? {};
    const { transactionId } = await devnet.client(0).submit([operations.coordination.create('/bad', utf8Encode('x'))]);
    const pages = [`node?path=%2Fpaid`, `account/${accountId}`, `tx/${transactionId}`];
    for (const [status, badge, reason] of [
      [200, 'proves nothing', 'GENESIS_MALFORMED'],
      [500, 'not verified', 'HTTP_500'],
    ] as const) {
      await page.route('**/v1/genesis', (route) => route.fulfill({ status, body: Buffer.from([0x81]) }));
      for (const path of pages) {
        await page.goto(`${url()}/#/${path}`);
        await page.reload();
        const alert = page.locator('.panel', { hasText: badge }).locator('.alert');
        await alert.waitFor(PATIENCE);
        const text = await alert.textContent();
        expect(text).toMatch(/Nothing could be verified.*o not rely on this (value|receipt)/);
        expect(text).toContain(reason);
      }
      await page.unrouteAll();
    }
  });

  it('is not needed for it: the library alone verifies a receipt in a browser', async () => {
    const { transactionId } = await devnet
      .client(0)
      .submit([operations.coordination.create('/alone', utf8Encode('x'))]);
    const code = await verifyBundle();
    await page.route('**/verify-bundle.js', (route) => route.fulfill({ contentType: 'text/javascript', body: code }));
    await page.goto(url());
    const said = await page.evaluate(async (id) => {
      const { verifyReceipt } = await import(`${location.origin}/verify-bundle.js`);
      const get = async (path: string) => {
        const response = await fetch(path, { headers: { accept: 'application/cbor' } });
        return new Uint8Array(await response.arrayBuffer());
      };
      const [receipt, genesis] = [await get(`v1/transactions/${id}/receipt`), await get('v1/genesis')];
      const good = verifyReceipt(receipt, { genesis });
      const spoiled = receipt.slice();
      spoiled[100] = (spoiled[100] ?? 0) ^ 1;
      const bad = verifyReceipt(spoiled, { genesis });
      return { good: good.ok && good.report.transactionId, bad: bad.ok || bad.reason };
    }, transactionId);
    expect(said).toEqual({ good: transactionId, bad: expect.stringMatching(/^[A-Z]+_[A-Z]+/) });
    await page.unrouteAll();
  });

  it('asks nothing of any other server and fails nowhere', () => {
    expect(foreign).toEqual([]);
    expect(failures).toEqual([]);
  });
});
