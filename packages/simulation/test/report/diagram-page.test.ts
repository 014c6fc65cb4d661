import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DIAGRAM_EVENTS_MAX, sequenceDiagramHtml } from '../../src/report/sequence-diagram.ts';
import type { TraceEvent } from '../../src/trace-event.ts';
import { NODES, SMALL, traffic } from './traces.ts';

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
if (CHROMIUM === undefined) console.warn('skipped: the diagram in a browser, because no Chromium is installed');

const FLAGS = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'];

describe.skipIf(CHROMIUM === undefined)('the page of a sequence diagram', () => {
  let browser: Browser;
  let page: Page;
  const problems: string[] = [];
  const requests: string[] = [];

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: CHROMIUM as string, args: FLAGS });
  });

  afterAll(async () => {
    await browser?.close();
    expect(problems).toEqual([]);
    expect(requests).toEqual([]);
  });

  async function show(events: readonly TraceEvent[], violations: readonly string[] = []): Promise<void> {
    page = await browser.newPage({ viewport: { width: 1400, height: 800 } });
    page.on('pageerror', (error) => problems.push(error.message));
    page.on('console', (message) => problems.push(message.text()));
    page.on('dialog', (dialog) => problems.push(dialog.message()));
    page.on('request', (request) => requests.push(request.url()));
    await page.setContent(
      sequenceDiagramHtml({ title: 'A run', subtitle: 'seed 7', nodes: NODES, events, violations }),
    );
  }

  it('lists every event, and hides the kinds that are not wanted', async () => {
    await show(SMALL);
    expect(await page.locator('ol li').count()).toBe(SMALL.length);
    expect(await page.locator('ol li.k-send').first().textContent()).toBe('0.131 alder → birch send append 1');
    const commit = page.locator('svg .k-commit');
    expect(await commit.isVisible()).toBe(true);
    await page.locator('input[data-kind=commit]').uncheck();
    expect(await commit.isVisible()).toBe(false);
    expect(await page.locator('ol li.k-commit').isVisible()).toBe(false);
    await page.locator('input[data-kind=commit]').check();
    expect(await commit.isVisible()).toBe(true);
  });

  it('shows the text of what is pointed at', async () => {
    await show(SMALL);
    await page.locator('svg .k-role .mark').hover();
    expect(await page.locator('#tip').textContent()).toBe('0.120 s  alder  role\nleader of epoch 1');
  });

  it('begins at the violation, with the names of the nodes in sight', async () => {
    const violation: TraceEvent = { at: 99_999, node: 'world', kind: 'violation', text: 'forked' };
    await show([...traffic(DIAGRAM_EVENTS_MAX), violation], ['forked']);
    const band = page.locator('svg .k-violation .band');
    await expect.poll(async () => (await band.boundingBox())?.y ?? 1e9).toBeLessThan(800);
    expect((await page.locator('.names').boundingBox())?.y).toBeLessThan(250);
    expect(await page.locator('ol li.picked').textContent()).toContain('forked');
  });

  it('leads from the list into the picture and back', async () => {
    await show(traffic(1000));
    const row = page.locator('ol li').nth(1000);
    await row.click();
    const arrow = page.locator('svg .picked');
    expect(await arrow.getAttribute('data-i')).toBe('1000');
    const y = (await arrow.boundingBox())?.y ?? 0;
    expect(y).toBeGreaterThan(100);
    expect(y).toBeLessThan(800);
    await page.locator('svg [data-i="1002"] text').click();
    expect(await page.locator('ol li.picked').getAttribute('data-i')).toBe('1002');
  });

  it('runs nothing that a text holds', async () => {
    const text = '</script><script>alert(1)</script><img src=x onerror=alert(2)>';
    await show(
      SMALL.map((event) => ({ ...event, text, node: event.node === 'c1' ? text : event.node })),
      [text],
    );
    expect(await page.locator('ol li').first().textContent()).toContain(text);
    expect(await page.locator('ol li.k-invoke b').textContent()).toBe(`${text} → alder`);
    expect(await page.locator('img').count()).toBe(0);
    expect(await page.locator('.violations li').textContent()).toBe(text);
  });
});
