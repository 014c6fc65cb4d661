import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createClient } from '@varve/client';
import { createSigner } from '@varve/crypto';
import { blockHash, configurationHash, fromHex } from '@varve/encoding';
import { anchorOf, chainIdOf, decodeHeader } from '@varve/ledger';
import { instanceOf } from '@varve/validator';
import { pino } from 'pino';
import { surviveStrayErrors } from '../../src/host/stray-errors.ts';
import { readGenesisFile } from '../../src/setup/genesis-file.ts';
import { demandSeed, openKeys } from '../../src/setup/key-material.ts';
import { GENESIS_FILE, readNodeConfiguration, resolvePeers } from '../../src/setup/node-configuration.ts';
import { HostileNode } from './hostile-node.ts';

// Takes the seat of the validator in --data, with its keys and its address, and learns from --node where the chain
// stands. Each second it prints what it did so far, as a line of JSON.

const REPORT_MS = 1_000;

surviveStrayErrors(pino({ base: null }, pino.destination({ dest: 2, sync: true })));

const { values } = parseArgs({
  options: {
    data: { type: 'string', default: '' },
    node: { type: 'string', default: '' },
    garbage: { type: 'string', default: '1000000' },
    unreadable: { type: 'string', default: '4000' },
  },
});
const place = readNodeConfiguration(values.data);
const genesis = readGenesisFile(join(values.data, GENESIS_FILE));
const keys = await openKeys(place.keyFile, place.passphraseFile);
const client = createClient({ url: values.node });
const chainId = chainIdOf(genesis);
const { configuration } = await client.status();
const node = await HostileNode.start({
  networkSeed: demandSeed(keys, 'network', place.keyFile),
  signer: createSigner(demandSeed(keys, 'signing', place.keyFile)),
  listen: place.listen,
  peers: resolvePeers(place.peers, genesis),
  chainId,
  configuration: genesis.configuration,
  configurationHash: configurationHash(configuration.hash),
  instance: instanceOf(chainId, configuration.hash, blockHash((await client.block(0)).hash)),
  anchor: async () => anchorOf(decodeHeader(fromHex((await client.block('final')).headerBytes))),
  garbageBytesPerSecond: Number(values.garbage),
  unreadableMs: Number(values.unreadable),
});
const report = (): void => console.log(JSON.stringify(node.report));
report();
setInterval(report, REPORT_MS);
process.once('SIGTERM', () => {
  report();
  void node.stop().then(() => process.exit(0));
});
