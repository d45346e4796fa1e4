import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** From the client's side: `out` = what it sends, `in` = what it is answered. */
export type Direction = 'in' | 'out' | 'both';

/** What happens to the bytes of a connection. */
export type ProxyMode =
  | { readonly kind: 'pass' }
  /** Each answer arrives so many milliseconds later. */
  | { readonly kind: 'latency'; readonly ms: number }
  /** Nothing arrives that way, and nobody is told. */
  | { readonly kind: 'blackhole'; readonly direction: Direction }
  /** After so many bytes of answers from now on the connection ends, in the middle of whatever it is. */
  | { readonly kind: 'cut'; readonly afterBytes: number };

/** One connection through the proxy. */
export interface ProxiedConnection {
  /** Everything that the client has sent until now says so: the connection that Redis's invalidations arrive on. */
  readonly isSubscriber: boolean;
  set(mode: ProxyMode): void;
  /** Ends it by RST, on both sides. */
  reset(): void;
}

const pass: ProxyMode = { kind: 'pass' };

/** A way to a server that can be made bad: slow, silent, broken, closed. */
export class TcpProxy {
  readonly host = '127.0.0.1';
  readonly #target: number;
  readonly #connections = new Set<Connection>();
  readonly #server: Server;
  #mode: ProxyMode = pass;
  #refusing = false;

  private constructor(target: number) {
    this.#target = target;
    this.#server = createServer({ allowHalfOpen: true }, (client) => {
      this.#accept(client);
    });
  }

  /** To a port on the loopback interface. */
  static async to(port: number): Promise<TcpProxy> {
    const proxy = new TcpProxy(port);
    proxy.#server.listen(0, proxy.host);
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the proxy is closed');
    return address.port;
  }

  get url(): string {
    return `redis://${this.host}:${this.port}`;
  }

  get connections(): readonly ProxiedConnection[] {
    return [...this.#connections];
  }

  /** For every connection there is, and every one to come. */
  set(mode: ProxyMode): void {
    this.#mode = mode;
    for (const connection of this.#connections) connection.set(mode);
  }

  /** New connections are reset as soon as they are made; those there are go on. */
  refuse(refusing = true): void {
    this.#refusing = refusing;
  }

  /** Everything works again, for every connection. */
  heal(): void {
    this.refuse(false);
    this.set(pass);
  }

  /** Ends all connections by RST. */
  reset(): void {
    for (const connection of this.#connections) connection.reset();
  }

  async close(): Promise<void> {
    this.#refusing = true;
    this.reset();
    if (!this.#server.listening) return;
    this.#server.close();
    await once(this.#server, 'close');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #accept(client: Socket): void {
    client.on('error', () => {});
    if (this.#refusing) {
      client.resetAndDestroy();
      return;
    }
    const connection = new Connection(client, connect(this.#target, this.host), () => {
      this.#connections.delete(connection);
    });
    connection.set(this.#mode);
    this.#connections.add(connection);
  }
}

class Connection implements ProxiedConnection {
  readonly #client: Socket;
  readonly #server: Socket;
  /** Answers on their way, the first first. */
  readonly #delayed: { chunk: Buffer; dueAt: number }[] = [];
  #timer: NodeJS.Timeout | undefined;
  #mode: ProxyMode = pass;
  /** Answer bytes until the cut. */
  #left = Infinity;
  /** One side has said goodbye, and the other has not heard it. */
  #ended = false;
  isSubscriber = false;

  constructor(client: Socket, server: Socket, onEnd: () => void) {
    this.#client = client;
    this.#server = server;
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      socket.on('error', () => {});
      socket.on('close', () => {
        this.#end();
        onEnd();
      });
      // A black hole swallows goodbyes as well.
      socket.on('end', () => {
        if (this.#swallows(socket === client ? 'out' : 'in')) this.#ended = true;
        else this.#end();
      });
    }
    client.on('data', (chunk: Buffer) => {
      this.isSubscriber ||= chunk.includes('__redis__:invalidate') && chunk.includes('subscribe');
      if (!this.#swallows('out')) server.write(chunk);
    });
    server.on('data', (chunk: Buffer) => {
      this.#answer(chunk);
    });
  }

  set(mode: ProxyMode): void {
    this.#mode = mode;
    this.#left = mode.kind === 'cut' ? mode.afterBytes : Infinity;
    if (this.#ended && mode.kind !== 'blackhole') this.#end();
  }

  reset(): void {
    this.#client.resetAndDestroy();
    this.#server.resetAndDestroy();
  }

  #answer(chunk: Buffer): void {
    if (this.#swallows('in')) return;
    if (chunk.length >= this.#left) {
      this.#client.end(chunk.subarray(0, this.#left), () => this.#client.destroy());
      this.#server.destroy();
      return;
    }
    this.#left -= chunk.length;
    // What is still on its way keeps its place before what comes now.
    if (this.#mode.kind !== 'latency' && this.#delayed.length === 0) this.#client.write(chunk);
    else this.#later(chunk, this.#mode.kind === 'latency' ? this.#mode.ms : 0);
  }

  #later(chunk: Buffer, ms: number): void {
    this.#delayed.push({ chunk, dueAt: performance.now() + ms });
    this.#timer ??= this.#deliverAfter(ms);
  }

  /** In the order in which they came, whatever their delays: a connection is a stream. */
  #deliverAfter(ms: number): NodeJS.Timeout {
    return setTimeout(() => {
      this.#timer = undefined;
      while (this.#delayed[0] !== undefined && this.#delayed[0].dueAt <= performance.now()) {
        const next = this.#delayed.shift();
        if (next !== undefined && !this.#client.destroyed) this.#client.write(next.chunk);
      }
      const [first] = this.#delayed;
      if (first !== undefined) this.#timer = this.#deliverAfter(Math.max(1, first.dueAt - performance.now()));
    }, ms).unref();
  }

  #swallows(direction: 'in' | 'out'): boolean {
    return (
      this.#mode.kind === 'blackhole' &&
      (this.#mode.direction === 'both' || this.#mode.direction === direction)
    );
  }

  #end(): void {
    clearTimeout(this.#timer);
    this.#delayed.length = 0;
    this.#client.destroy();
    this.#server.destroy();
  }
}
