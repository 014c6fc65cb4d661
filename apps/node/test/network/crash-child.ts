// Run by crash.test.ts in a process of its own, which is then killed or frozen: `INDEX LISTEN PEER_KEY PEER_ADDRESS`.
import { publicKeyHex } from '@varve/encoding';
import { Network } from '../../src/network/index.ts';

const [index = '', listen = '', chainId = '', networkKey = '', address = ''] = process.argv.slice(2);
const network = await Network.start({
  networkSeed: new Uint8Array(32).fill(Number(index)),
  listen: [listen],
  chainId,
  isAdmitted: () => true,
  onPacket: (from, packet) => void network.send(from, packet),
  onLink: () => undefined,
  onGossip: () => true,
});
network.setPeers([{ networkKey: publicKeyHex(networkKey), address }]);
process.stdout.write(`${network.addresses[0]}\n`);
