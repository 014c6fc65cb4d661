import { unanswered } from './http-load.ts';

/** Counters of a node since its start. */
export interface NodeMetrics {
  /** To all peers. */
  readonly sentBytes: number;
  readonly sentPackets: number;
  /** CPU microseconds by stage; `total` is the whole process. */
  readonly cpuMicros: Readonly<Record<string, number>>;
}

/**
 * What a node counts.
 * @param url - Of its API.
 * @throws {LoadError} `LOAD_UNANSWERED`.
 */
export async function readNodeMetrics(url: string): Promise<NodeMetrics> {
  const address = `${url}/metrics`;
  try {
    const answer = await fetch(address);
    return parseNodeMetrics(await answer.text());
  } catch (error) {
    throw unanswered(address, error);
  }
}

/** Counters in the text for Prometheus; what it does not name is 0. */
export function parseNodeMetrics(text: string): NodeMetrics {
  const cpuMicros: Record<string, number> = {};
  for (const [, stage = '', seconds] of text.matchAll(/^varve_cpu_seconds_total\{stage="(\w+)"\} (\S+)$/gm))
    cpuMicros[stage] = Number(seconds) * 1e6;
  return {
    sentBytes: Number(/^varve_network_sent_bytes_total (\S+)$/m.exec(text)?.[1] ?? 0),
    sentPackets: Number(/^varve_network_sent_packets_total (\S+)$/m.exec(text)?.[1] ?? 0),
    cpuMicros,
  };
}
