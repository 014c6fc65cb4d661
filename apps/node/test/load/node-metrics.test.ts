import { afterEach, describe, expect, it } from 'vitest';
import { parseNodeMetrics, readNodeMetrics } from '../../src/load/node-metrics.ts';
import { serve, stopServers } from './test-server.ts';

afterEach(stopServers);

const TEXT = `# HELP varve_network_sent_bytes_total Bytes sent to peers
# TYPE varve_network_sent_bytes_total counter
varve_network_sent_bytes_total 1234567
varve_network_received_bytes_total 7
varve_network_sent_packets_total 89
varve_cpu_seconds_total{stage="total"} 1.5
varve_cpu_seconds_total{stage="verify"} 0.25
`;

describe('metrics of a node', () => {
  it('are read from the text for Prometheus', () => {
    const cpuMicros = { total: 1_500_000, verify: 250_000 };
    expect(parseNodeMetrics(TEXT)).toEqual({ sentBytes: 1_234_567, sentPackets: 89, cpuMicros });
    expect(parseNodeMetrics('')).toEqual({ sentBytes: 0, sentPackets: 0, cpuMicros: {} });
  });

  it('of one that does not answer are an error', async () => {
    await expect(readNodeMetrics(await serve(() => undefined))).rejects.toMatchObject({ code: 'LOAD_UNANSWERED' });
  });
});
