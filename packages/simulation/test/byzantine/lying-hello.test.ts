import type { Protocol } from '@varve/consensus';
import { tendermint } from '@varve/tendermint';
import { decodeHello, decodePacket, encodeHello, encodePackets, type PeerMessage } from '@varve/validator';
import { expect, it } from 'vitest';
import { statusOf, WorldDriver } from '../world-driver.ts';

/** The greeting of `liar`, in which it saw everybody vouch for far more than there is. */
function exaggerated(message: PeerMessage): PeerMessage {
  if (message.kind !== 'hello') return message;
  const hello = decodeHello(message.hello);
  const witnesses = hello.witnesses.map((witness) => ({ ...witness, sealedHeight: witness.sealedHeight + 1000 }));
  return { kind: 'hello', hello: encodeHello({ ...hello, witnesses }) };
}

it('one liar cannot talk correct validators out of their votes', () => {
  const driver = new WorldDriver(4, 1, { protocol: tendermint as Protocol<unknown> });
  const [liar, ...others] = driver.nodes;
  if (liar === undefined) throw new Error('no nodes');
  driver.disturb({
    covers: (from) => from === liar.index,
    concerns: (packet) => {
      const messages = decodePacket(packet);
      const isGreeting = messages.some(({ kind }) => kind === 'hello');
      for (const bytes of isGreeting ? encodePackets(messages.map(exaggerated)) : [])
        for (const to of others) to.deliver({ kind: 'packet', from: liar.networkKey, bytes });
      return false;
    },
  });
  driver.run(3000);
  expect(others.map((node) => statusOf(node).mode)).toEqual(['validator', 'validator', 'validator']);
});
