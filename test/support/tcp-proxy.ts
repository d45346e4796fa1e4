import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** From the client's side: `out` = what it sends, `in` = what it is answered. */
export type Direction = 'in' | 'out' | 'both';

/** What happens to the bytes of a connection. */
export type ProxyMode =
  | { readonly kind: 'pass' }
  /** Each answer arrives so many milliseconds later. */
  | { readonly kind: 'latency'; readonly ms: number }
  /** Nothing arrives that way, and nobody is told; once it is over, what was sent arrives late. */
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
    const connection = new Connection(
      client,
      connect({ port: this.#target, host: this.host, allowHalfOpen: true }),
      () => {
        this.#connections.delete(connection);
      },
    );
    connection.set(this.#mode);
    this.#connections.add(connection);
  }
}

/** One direction of a connection: bytes in order, then the end. As in TCP, only a cut loses bytes. */
class Way {
  readonly #to: Socket;
  readonly #onCut: () => void;
  readonly #travelling: { readonly chunk: Buffer | undefined; readonly dueAt: number }[] = [];
  #timer: NodeJS.Timeout | undefined;
  #ended = false;
  /** Nothing arrives for now. What was sent meanwhile does when that is over, as with packets that are sent again. */
  held = false;
  latencyMs = 0;
  /** Bytes until the cut. */
  left = Infinity;

  constructor(to: Socket, onCut: () => void) {
    this.#to = to;
    this.#onCut = onCut;
  }

  send(chunk: Buffer): void {
    this.#travelling.push({ chunk, dueAt: performance.now() + this.latencyMs });
    this.deliver();
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#travelling.push({ chunk: undefined, dueAt: performance.now() + this.latencyMs });
    this.deliver();
  }

  deliver(): void {
    clearTimeout(this.#timer);
    while (!this.held && this.#travelling[0] !== undefined) {
      const { chunk, dueAt } = this.#travelling[0];
      const wait = dueAt - performance.now();
      if (wait > 0) {
        this.#timer = setTimeout(() => {
          this.deliver();
        }, Math.ceil(wait)).unref();
        return;
      }
      this.#travelling.shift();
      this.#arrive(chunk);
    }
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#travelling.length = 0;
  }

  #arrive(chunk: Buffer | undefined): void {
    if (this.#to.destroyed || this.#to.writableEnded) return;
    if (chunk === undefined) {
      this.#to.end();
    } else if (chunk.length < this.left) {
      this.left -= chunk.length;
      this.#to.write(chunk);
    } else {
      this.#to.end(chunk.subarray(0, this.left), this.#onCut);
    }
  }
}

class Connection implements ProxiedConnection {
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #out: Way;
  readonly #in: Way;
  isSubscriber = false;

  constructor(client: Socket, server: Socket, onEnd: () => void) {
    this.#client = client;
    this.#server = server;
    const end = (): void => {
      this.#destroy();
    };
    this.#out = new Way(server, end);
    this.#in = new Way(client, end);
    client.on('data', (chunk: Buffer) => {
      this.isSubscriber ||= chunk.includes('__redis__:invalidate') && chunk.includes('subscribe');
      this.#out.send(chunk);
    });
    server.on('data', (chunk: Buffer) => {
      this.#in.send(chunk);
    });
    for (const [socket, way] of [
      [client, this.#out],
      [server, this.#in],
    ] as const) {
      socket.setNoDelay(true);
      socket.on('error', () => {});
      socket.on('end', () => {
        way.end();
      });
      socket.on('close', () => {
        way.end();
        if (client.destroyed && server.destroyed) onEnd();
      });
    }
  }

  set(mode: ProxyMode): void {
    const held = (direction: Direction): boolean =>
      mode.kind === 'blackhole' && (mode.direction === 'both' || mode.direction === direction);
    this.#out.held = held('out');
    this.#in.held = held('in');
    this.#in.latencyMs = mode.kind === 'latency' ? mode.ms : 0;
    this.#in.left = mode.kind === 'cut' ? mode.afterBytes : Infinity;
    this.#out.deliver();
    this.#in.deliver();
  }

  reset(): void {
    this.#out.stop();
    this.#in.stop();
    this.#client.resetAndDestroy();
    this.#server.resetAndDestroy();
  }

  #destroy(): void {
    this.#out.stop();
    this.#in.stop();
    this.#client.destroy();
    this.#server.destroy();
  }
}
