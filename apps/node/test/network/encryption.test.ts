import { multiaddr } from '@multiformats/multiaddr';
import { afterEach, expect, it } from 'vitest';
import { encryption, withoutThrows } from '../../src/network/encryption.ts';
import { startHost, startNode, stopAll } from './harness.ts';

type Decoder = { lengthDecoder(data: { readonly byteLength: number }): number };

afterEach(stopAll);

it('takes a length that is not all here for more than what follows it, and asks the library for others', () => {
  const asked: number[] = [];
  const decoder: Decoder = {
    lengthDecoder: ({ byteLength }) => {
      asked.push(byteLength);
      return 7;
    },
  };
  const { connection } = withoutThrows({ connection: { decoder } });
  expect([0, 1, 2, 3].map((byteLength) => connection.decoder.lengthDecoder({ byteLength }))).toEqual([
    0xffff, 0xffff, 7, 7,
  ]);
  expect(asked).toEqual([2, 3]);
  expect(withoutThrows({ connection: {} })).toEqual({ connection: {} });
});

it('reads the lengths of the library that is installed', async () => {
  const secured: { readonly decoder?: Decoder }[] = [];
  const node = await startNode(1);
  const host = await startHost(2, (components) => {
    const encrypter = encryption()(components);
    const secureOutbound = encrypter.secureOutbound.bind(encrypter);
    encrypter.secureOutbound = async (connection, options) => {
      const made = await secureOutbound(connection, options);
      secured.push(made.connection as { readonly decoder?: Decoder });
      return made;
    };
    return encrypter;
  });
  await host.dial(multiaddr(node.address));
  expect(secured.map(({ decoder }) => decoder?.lengthDecoder({ byteLength: 1 }))).toEqual([0xffff]);
});
