import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSigner } from '@varve/crypto';
import { toHex } from '@varve/encoding';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { readNodeConfiguration, writeNodeConfiguration } from '../../src/setup/node-configuration.ts';
import { isOnOwnThread } from '../../src/setup/signature-mode.ts';

const folder = mkdtempSync(join(tmpdir(), 'varve-test-signature-mode-'));
const file = join(folder, 'node.yaml');
const networkKey = toHex(createSigner(new Uint8Array(32)).publicKey);
const REST = `role: validator\nnetworkKey: ${networkKey}\nkeyFile: key.json\n`;

beforeEach(() => rmSync(file, { force: true }));
afterAll(() => rmSync(folder, { recursive: true }));

describe('the thread of signatures', () => {
  it.each([
    ['auto', 2, false],
    ['auto', 3, false],
    ['auto', 4, true],
    ['own', 1, true],
    ['main', 64, false],
  ] as const)('%s on %i cores', (thread, cores, own) => {
    expect(isOnOwnThread(thread, cores)).toBe(own);
  });

  it.each(['own', 'main', 'auto'] as const)('%s stands in node.yaml unless it is the default', (signatureThread) => {
    writeFileSync(file, REST);
    const configuration = readNodeConfiguration(folder);
    expect(configuration.signatureThread).toBe('auto');
    writeNodeConfiguration(folder, { ...configuration, signatureThread }, true);
    expect(readNodeConfiguration(folder)).toEqual({ ...configuration, signatureThread });
    expect(readFileSync(file, 'utf8').includes('signatureThread')).toBe(signatureThread !== 'auto');
  });

  it('of another name is refused', () => {
    writeFileSync(file, `${REST}signatureThread: both\n`);
    const told = { code: 'CONFIGURATION_INVALID', message: expect.stringContaining('both') };
    expect(() => readNodeConfiguration(folder)).toThrow(expect.objectContaining(told));
  });
});
