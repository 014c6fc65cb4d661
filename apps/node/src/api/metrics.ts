import { Counter, Gauge, Registry } from '@prometheus-io/client';
import { headerAt } from '@varve/ledger/chain';
import type { Notice } from '@varve/validator';
import type { FastifyInstance } from 'fastify';
import type { NodeView } from '../host/service.ts';
import type { ApiContext } from './context.ts';

/** All names begin so, for ever. */
const PREFIX = 'varve_';
const MILLISECONDS = 1e-3;
const MICROSECONDS = 1e-6;

/** A gauge of the node's view: name, meaning, value. */
type Reading = readonly [name: string, help: string, read: (view: NodeView) => number];

const READINGS: readonly Reading[] = [
  ['pool_transactions', 'Transactions that wait to be ordered', (view) => view.pool.transactions],
  ['pool_bytes', 'Their bytes', (view) => view.pool.bytes],
  ['peers_connected', 'Connected peers', (view) => view.peers.filter((peer) => peer.connected).length],
  [
    'seals_missing',
    'Members whose seal of the lowest uncertified block is missing',
    (view) => view.sealsMissing.length,
  ],
  ['conditions', 'Conditions that hold the node up', (view) => view.conditions.length],
  ['evidence', 'Contradictions of validators that the node keeps', (view) => view.evidence.length],
  ['engine_epoch', 'Term, ballot, epoch or round of the engine', (view) => view.engine?.epoch.number ?? 0],
  ['engine_last_index', 'Last index of the log', (view) => view.engine?.lastIndex ?? 0],
  ['engine_committed_index', 'Highest index known to be committed', (view) => view.engine?.committed ?? 0],
  ['engine_in_flight_payloads', 'Proposed and not committed', (view) => view.engine?.inFlight.payloads ?? 0],
  ['event_loop_lag_p99_seconds', 'Lag of the event loop', (view) => view.loopLagP99Ms * MILLISECONDS],
];

/** What happens too often to ask the registry each time, counted until it is scraped. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #requests = new Map<string, { readonly labels: Record<string, string>; count: number }>();
  #transactions = 0;
  #blocks = 0;

  constructor(context: ApiContext) {
    this.#view(context);
    this.#counters(context);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }

  /** @param route - The pattern, not the address: addresses are without number. */
  request(method: string, route: string, status: number): void {
    const key = `${method} ${route} ${status}`;
    const known = this.#requests.get(key);
    if (known) known.count += 1;
    else this.#requests.set(key, { labels: { method, route, status: String(status) }, count: 1 });
  }

  take(notice: Notice, context: ApiContext): void {
    if (notice.kind !== 'committed') return;
    this.#blocks += 1;
    this.#transactions += headerAt(context.service.ledger, notice.height)?.header.transactionCount ?? 0;
  }

  #view({ service, progress }: ApiContext): void {
    // The first gauge asked reads the view for all.
    let view: NodeView;
    this.#gauge('height', 'Height executed and durable here', () => {
      view = service.view();
      return progress.height;
    });
    this.#gauge('final_height', 'Highest certified height', () => progress.finalHeight);
    for (const [name, help, read] of READINGS) this.#gauge(name, help, () => read(view));
    const role: Gauge<'protocol' | 'role'> = new Gauge({
      name: `${PREFIX}engine_role`,
      help: '1 for the role the node has in its engine',
      labelNames: ['protocol', 'role'],
      registers: [this.#registry],
      collect: () => {
        role.reset();
        role.set({ protocol: service.ledger.configuration.protocol, role: view.engine?.role ?? 'none' }, 1);
      },
    });
    this.#counter('network_sent_bytes_total', 'Bytes sent to peers', () => view.bytesSent);
    this.#counter('network_received_bytes_total', 'Bytes received from peers', () => view.bytesReceived);
    this.#counter('network_sent_packets_total', 'Packets sent to peers', () => view.packetsSent);
    this.#counter('network_received_packets_total', 'Packets received from peers', () => view.packetsReceived);
    const cpu: Counter<'stage'> = new Counter({
      name: `${PREFIX}cpu_seconds_total`,
      help: 'CPU time by stage; total is the whole process',
      labelNames: ['stage'],
      registers: [this.#registry],
      collect: () => {
        cpu.reset();
        for (const [stage, micros] of Object.entries(view.cpuMicros)) cpu.inc({ stage }, micros * MICROSECONDS);
      },
    });
  }

  #counters({ waiters }: ApiContext): void {
    this.#counter('blocks_executed_total', 'Blocks executed since the start', () => this.#blocks);
    this.#counter('transactions_executed_total', 'Transactions executed since the start', () => this.#transactions);
    this.#gauge('submissions_waiting_room', 'How many more submissions can wait', () => waiters.room);
    const requests: Counter<'method' | 'route' | 'status'> = new Counter({
      name: `${PREFIX}http_requests_total`,
      help: 'HTTP requests answered',
      labelNames: ['method', 'route', 'status'],
      registers: [this.#registry],
      collect: () => {
        requests.reset();
        for (const { labels, count } of this.#requests.values()) requests.inc(labels, count);
      },
    });
  }

  #gauge(name: string, help: string, read: () => number): void {
    const gauge: Gauge = new Gauge({
      name: PREFIX + name,
      help,
      registers: [this.#registry],
      collect: () => gauge.set(read()),
    });
  }

  #counter(name: string, help: string, read: () => number): void {
    const counter: Counter = new Counter({
      name: PREFIX + name,
      help,
      registers: [this.#registry],
      collect: () => {
        counter.reset();
        counter.inc(read());
      },
    });
  }
}

/** `/metrics`, and the count of requests. */
export function metricsRoutes(app: FastifyInstance, metrics: Metrics): void {
  app.addHook('onResponse', (request, reply, done) => {
    metrics.request(request.method, request.routeOptions.url ?? 'none', reply.statusCode);
    done();
  });
  app.get('/metrics', { schema: { tags: ['health'], summary: 'Prometheus metrics' } }, async (_request, reply) =>
    reply.type(metrics.contentType).send(await metrics.text()),
  );
}
