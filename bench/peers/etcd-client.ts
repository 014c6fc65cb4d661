import { join } from 'node:path';
import { Client, credentials, type ServiceDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

const { Put } = loadSync(join(import.meta.dirname, 'etcd.proto'))['etcdserverpb.KV'] as ServiceDefinition;

/** One gRPC connection to a member. */
export class EtcdClient {
  readonly #client: Client;

  /** @param port - Of a member of this machine. */
  constructor(port: number) {
    // Without a pool of its own, two clients of one member would share a connection.
    this.#client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), {
      'grpc.use_local_subchannel_pool': 1,
    });
  }

  put(key: Uint8Array, value: Uint8Array): Promise<void> {
    if (Put === undefined) throw new TypeError('the service has a method');
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(Put.path, Put.requestSerialize, Put.responseDeserialize, { key, value }, (error) =>
        error ? reject(error) : resolve(),
      );
    });
  }

  close(): void {
    this.#client.close();
  }
}
