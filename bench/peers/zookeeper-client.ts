import { connect, type Socket } from 'node:net';
import { connectFrame, createFrame, FrameReader, parseReply } from './zookeeper-frames.ts';

const SESSION_MS = 30_000;

interface Waiting {
  readonly xid: number;
  resolve(): void;
  reject(error: Error): void;
}

/** One session on one connection; requests leave at once, and their replies come in the same order. */
export class ZooKeeperClient {
  readonly #socket: Socket;
  readonly #reader = new FrameReader();
  readonly #waiting: Waiting[] = [];
  #isOpen = false;
  #xid = 0;
  #answered = 0;

  private constructor(socket: Socket, opened: Waiting) {
    this.#socket = socket;
    this.#waiting.push(opened);
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.#read(chunk));
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#fail(new Error('the connection was closed')));
    socket.write(connectFrame(SESSION_MS));
  }

  /** Connects to a server of this machine. */
  static open(port: number): Promise<ZooKeeperClient> {
    return new Promise((resolve, reject) => {
      const client = new ZooKeeperClient(connect(port, '127.0.0.1'), {
        xid: 0,
        resolve: () => resolve(client),
        reject,
      });
    });
  }

  /** Creates a node. @throws with ZooKeeper's error number. */
  create(path: string, data: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#socket.destroyed) {
        reject(new Error('the connection was closed'));
        return;
      }
      this.#xid += 1;
      this.#waiting.push({ xid: this.#xid, resolve, reject });
      this.#socket.write(createFrame(this.#xid, path, data));
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    try {
      for (const frame of this.#reader.push(chunk)) this.#take(frame);
    } catch (error) {
      this.#socket.destroy(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #take(frame: Buffer): void {
    const waiting = this.#waiting[this.#answered++];
    if (waiting === undefined) throw new TypeError('a reply that nobody waits for');
    // A queue that is cut at each reply would move all of its rest each time.
    if (this.#answered === this.#waiting.length) {
      this.#waiting.length = 0;
      this.#answered = 0;
    }
    if (!this.#isOpen) {
      this.#isOpen = true;
      waiting.resolve();
      return;
    }
    const { xid, error } = parseReply(frame);
    if (xid !== waiting.xid) throw new TypeError(`a reply to ${xid} in place of ${waiting.xid}`);
    if (error === 0) waiting.resolve();
    else waiting.reject(new Error(`ZooKeeper answered error ${error}`));
  }

  #fail(error: Error): void {
    for (const { reject } of this.#waiting.splice(this.#answered)) reject(error);
    this.#waiting.length = 0;
    this.#answered = 0;
  }
}
