import { afterEach, describe, expect, it } from 'vitest';
import { HttpLoad } from '../../src/load/http-load.ts';
import { serve, stopServers } from './test-server.ts';

const load = new HttpLoad();
const post = (url: string) => load.post(`${url}/v1/transactions`, 'application/cose', new Uint8Array(3));

afterEach(stopServers);

describe('HttpLoad', () => {
  it('gives the whole answer, whatever its status', async () => {
    const body = { text: 'ä'.repeat(100_000) };
    const url = await serve(() => ({ status: 429, body }));
    expect(await post(url)).toEqual({ status: 429, body: JSON.stringify(body) });
  });

  it.each([undefined, 'reset'] as const)(
    'sends again what a kept connection did not take any more: %s',
    async (cut) => {
      let count = 0;
      const url = await serve(() => (++count === 2 ? cut : { status: 200, body: count }));
      expect(await post(url)).toMatchObject({ body: '1' });
      expect(await post(url)).toMatchObject({ body: '3' });
    },
  );

  it('says which node did not answer', async () => {
    const url = await serve(() => undefined);
    const told = { code: 'LOAD_UNANSWERED', message: `${url} did not answer: other side closed` };
    await expect(post(url)).rejects.toMatchObject(told);
    await stopServers();
    await expect(post(url)).rejects.toMatchObject({ details: { reason: expect.stringContaining('ECONNREFUSED') } });
  });
});
