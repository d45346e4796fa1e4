import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { ValidationError } from '../base/errors.js';
import { startTcpProxy, type TcpProxy } from './index.js';

/** A server that answers each piece of text with the same text. */
class Echo {
  readonly received: string[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;

  constructor() {
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('data', (chunk) => {
        this.received.push(chunk.toString());
        socket.write(chunk);
      });
    });
  }

  async listen(): Promise<number> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

/** A client that notes what it gets, and how its connection ends. */
class Client {
  readonly socket: Socket;
  text = '';
  end: 'open' | 'closed' | 'reset' = 'open';
  readonly ended: Promise<unknown>;

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1');
    this.socket.on('data', (chunk) => (this.text += chunk.toString()));
    this.socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNRESET') this.end = 'reset';
    });
    this.ended = new Promise((resolve) => {
      this.socket.on('close', () => {
        if (this.end === 'open') this.end = 'closed';
        resolve(undefined);
      });
    });
  }

  send(text: string): void {
    this.socket.write(text);
  }

  async gets(text: string): Promise<void> {
    while (this.text !== text) await Promise.race([once(this.socket, 'data'), this.endedTooEarly()]);
  }

  private async endedTooEarly(): Promise<never> {
    await this.ended;
    throw new Error(`the connection ended after "${this.text}"`);
  }
}

/** Time for bytes to arrive that should not. */
const aMoment = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 60));

let echo: Echo;
let proxy: TcpProxy;
let clients: Client[];

beforeEach(async () => {
  echo = new Echo();
  proxy = await startTcpProxy({ to: `redis://127.0.0.1:${await echo.listen()}` });
  clients = [];
});
afterEach(async () => {
  for (const { socket } of clients) socket.destroy();
  await proxy.close();
  await echo.close();
});

/** A client whose connection through the proxy works. */
async function connected(): Promise<Client> {
  const client = dialling();
  client.send('hello');
  await client.gets('hello');
  client.text = '';
  return client;
}

function dialling(): Client {
  const client = new Client(proxy.port);
  clients.push(client);
  return client;
}

describe('startTcpProxy', () => {
  it('carries bytes both ways', async () => {
    const client = await connected();
    client.send('ping');
    await client.gets('ping');
    expect(echo.received).toEqual(['hello', 'ping']);
  });

  it('carries the end of a connection', async () => {
    const client = await connected();
    client.socket.end();
    await client.ended;
    expect(client.end).toBe('closed');
  });

  it.each([
    ['redis://127.0.0.1:6400', 'redis://127.0.0.1:PORT'],
    ['redis://localhost', 'redis://127.0.0.1:PORT'],
    ['rediss://us%3Aer:p%40ss@cache.internal:6380/3', 'rediss://us%3Aer:p%40ss@127.0.0.1:PORT/3'],
    ['redis://[::1]:6379', 'redis://127.0.0.1:PORT'],
  ])('its url is that of %s with its own address', async (to, url) => {
    await using other = await startTcpProxy({ to });
    expect(other.url).toBe(url.replace('PORT', String(other.port)));
    expect(other.host).toBe('127.0.0.1');
  });

  it.each([
    [undefined, 'to is required'],
    ['127.0.0.1:6379', "to must start with 'redis://'"],
    ['unix:///run/redis.sock', 'to must be the URL of a TCP address, not of a socket file'],
    ['redis://host:99999', 'to must have a port from 0 to 65535'],
  ])('refuses %s as target', async (to, message) => {
    const starting = startTcpProxy({ to: to as string });
    await expect(starting).rejects.toThrow(ValidationError);
    await expect(starting).rejects.toThrow(`startTcpProxy: ${message}`);
  });

  it('tells no password of a URL that it refuses', async () => {
    const refused = await startTcpProxy({ to: 'http://user:secret@host' }).catch(String);
    expect(refused).toContain('to must start with');
    expect(refused).not.toContain('secret');
  });

  it('a connection is accepted and ends, if nothing listens at the target', async () => {
    const unused = new Echo();
    const port = await unused.listen();
    await unused.close();
    await using other = await startTcpProxy({ to: `redis://127.0.0.1:${port}` });
    const client = new Client(other.port);
    await client.ended;
    expect(client.end).not.toBe('open');
  });

  it('close ends its connections and refuses new ones; a second close is none', async () => {
    const client = await connected();
    await proxy.close();
    await client.ended;
    expect(client.end).toBe('reset');
    const late = dialling();
    await late.ended;
    expect(late.text).toBe('');
    await proxy.close();
  });
});

describe('a fault of the proxy', () => {
  it('delay: each reply arrives that much later, of new connections as well', async () => {
    const client = await connected();
    proxy.delay('80ms');
    const newer = dialling();
    const start = performance.now();
    client.send('slow');
    newer.send('slow');
    await Promise.all([client.gets('slow'), newer.gets('slow')]);
    expect(performance.now() - start).toBeGreaterThanOrEqual(79);
  });

  it('delay(0) ends the delay: what was delayed arrives', async () => {
    const client = await connected();
    proxy.delay('1h');
    client.send('slow');
    await aMoment();
    expect(client.text).toBe('');
    proxy.delay(0);
    client.send(' and quick');
    await client.gets('slow and quick');
  });

  it('throttle: so many bytes a second arrive, in order', async () => {
    const client = await connected();
    proxy.throttle(10_000);
    const text = 'abcdefghij'.repeat(200);
    const start = performance.now();
    client.send(text);
    await client.gets(text);
    // 2,000 bytes in portions of 500, each way: the first portion does not wait.
    expect(performance.now() - start).toBeGreaterThanOrEqual(149);
  });

  it('resume ends a throttle: the rest arrives at once', async () => {
    const client = await connected();
    proxy.throttle(1);
    client.send('a long text');
    await aMoment();
    expect(client.text.length).toBeLessThan(3);
    proxy.resume();
    await client.gets('a long text');
  });

  it.each([
    [undefined, 0],
    ['both', 0],
    ['requests', 0],
    ['replies', 1],
  ] as const)('hang(%s): no reply arrives before resume', async (direction, reached) => {
    const client = await connected();
    proxy.hang(direction);
    client.send('held');
    await aMoment();
    expect(echo.received.length - 1).toBe(reached);
    expect(client.text).toBe('');
    expect(client.end).toBe('open');
    proxy.resume();
    await client.gets('held');
  });

  it('faults add up: a delay does not end a hang', async () => {
    const client = await connected();
    proxy.hang('requests');
    proxy.hang('replies');
    proxy.delay('1ms');
    client.send('held');
    await aMoment();
    expect(echo.received).toEqual(['hello']);
    expect(client.text).toBe('');
    proxy.resume();
    await client.gets('held');
  });

  it('cutAfter: the connection ends in the middle of a reply, and so does the next one', async () => {
    const client = await connected();
    proxy.cutAfter(3);
    client.send('reply');
    await client.ended;
    expect(client.text).toBe('rep');
    const newer = dialling();
    newer.send('another');
    await newer.ended;
    expect(newer.text).toBe('ano');
    proxy.resume();
    await connected();
  });

  it('reset: connections end by RST, and clients may connect again', async () => {
    const client = await connected();
    proxy.reset();
    await client.ended;
    expect(client.end).toBe('reset');
    await connected();
  });

  it('cut: connections are reset, and new ones as well, until resume', async () => {
    const client = await connected();
    proxy.cut();
    const newer = dialling();
    await Promise.all([client.ended, newer.ended]);
    expect([client.end, newer.end]).toEqual(['reset', 'reset']);
    expect(proxy.connections).toEqual([]);
    proxy.resume();
    await connected();
  });
});

describe('a fault of one connection', () => {
  it('concerns no other one', async () => {
    const [first, second] = [await connected(), await connected()];
    proxy.connections[0]?.hang();
    first.send('held');
    second.send('heard');
    await second.gets('heard');
    expect(first.text).toBe('');
    proxy.connections[0]?.reset();
    await first.ended;
    expect(second.end).toBe('open');
    expect(proxy.connections).toHaveLength(1);
  });

  it('resume of one connection: the others still hang', async () => {
    const [first, second] = [await connected(), await connected()];
    proxy.hang();
    proxy.connections[1]?.resume();
    first.send('held');
    second.send('heard');
    await second.gets('heard');
    await aMoment();
    expect(first.text).toBe('');
  });

  it.each([
    ['*2\r\n$9\r\nsubscribe\r\n$4\r\nnews\r\n', true],
    ['*2\r\n$10\r\nPSUBSCRIBE\r\n$4\r\nnew*\r\n', true],
    ['*2\r\n$3\r\nget\r\n$11\r\nunsubscribe\r\n', false],
    ['*1\r\n$4\r\nping\r\n', false],
  ])('%j: isSubscriber is %s', async (command, expected) => {
    const client = await connected();
    client.send(command);
    await client.gets(command);
    expect(proxy.connections.map(({ isSubscriber }) => isSubscriber)).toEqual([expected]);
  });
});

describe('an argument that is none', () => {
  const wrong: readonly (readonly [call: string, act: () => void, message: string])[] = [
    ['delay(-1)', () => proxy.delay(-1), 'delay must be non-negative'],
    ['throttle(0)', () => proxy.throttle(0), 'throttle: bytesPerSecond must be a positive integer'],
    ['throttle(NaN)', () => proxy.throttle(NaN), 'throttle: bytesPerSecond must be a positive integer'],
    ['cutAfter(0)', () => proxy.cutAfter(0), 'cutAfter: bytes must be a positive integer'],
    ['hang("out")', () => proxy.hang('out' as 'both'), "hang: direction must be one of 'requests'"],
  ];

  it.each(wrong)('%s is refused', (_call, act, message) => {
    expect(act).toThrow(ValidationError);
    expect(act).toThrow(message);
  });

  it('of one connection is refused, too', async () => {
    await connected();
    expect(() => proxy.connections[0]?.throttle(0.5)).toThrow(ValidationError);
  });
});
