import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { CacheFactory } from '../../libs/cache-infra/src/config/cache-factory.js';
import { InfrastructureError } from '../../libs/cache-infra/src/base/errors.js';
import { InMemoryCache } from '../../libs/cache-infra/src/cache/in-memory-cache.js';

/**
 * Stands for an address that no packet reaches: connections are accepted and never answered. A real one would make the
 * test depend on the network it runs in.
 */
class SilentServer {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor() {
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => socket.destroy());
    });
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    const { port } = this.#server.address() as AddressInfo;
    return `redis://user:S3CRET@127.0.0.1:${String(port)}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

const connectTimeout = '1s';
const unreachable: readonly [what: string, redisUrl: string][] = [
  ['an unknown host', 'redis://user:S3CRET@nonexistent.invalid:6379'],
  ['port 99999', 'redis://user:S3CRET@127.0.0.1:99999'],
  ['a port where nothing listens', 'redis://user:S3CRET@127.0.0.1:1'],
];

function factory(): CacheFactory {
  return new CacheFactory({ env: {}, logger: { warn: () => undefined, log: () => undefined } });
}

async function strictly(redisUrl: string): Promise<{ error: unknown; ms: number }> {
  const start = performance.now();
  const error: unknown = await factory()
    .forWebApp({ redisUrl, connectTimeout, failOnConnectionError: true })
    .then(
      () => undefined,
      (reason: unknown) => reason,
    );
  return { error, ms: performance.now() - start };
}

function expectConnectionFailure({ error, ms }: { error: unknown; ms: number }): void {
  expect(error).toBeInstanceOf(InfrastructureError);
  expect((error as Error).message).toContain('Redis connection failed');
  expect((error as Error).message).not.toContain('S3CRET');
  expect(ms).toBeLessThan(1500);
}

describe('seed S10.129-131 strict: InfrastructureError within the connect time-out', () => {
  it.each(unreachable)('%s', async (_, redisUrl) => {
    expectConnectionFailure(await strictly(redisUrl));
  });

  it('an address that never answers', async () => {
    await using server = new SilentServer();
    expectConnectionFailure(await strictly(await server.listen()));
  });
});

describe('seed S10.132 and S2.17 not strict: an InMemoryCache that works', () => {
  it.each(unreachable)('%s', async (_, redisUrl) => {
    await using cache = await factory().forTesting({
      redisUrl,
      connectTimeout,
      failOnConnectionError: false,
      defaultTtl: 30,
    });
    expect(cache).toBeInstanceOf(InMemoryCache);
    expect(cache.defaultTtl).toBe(30);
    await cache.set('key', 'value');
    expect(await cache.get('key')).toBe('value');
  });

  it('an address that never answers', async () => {
    await using server = new SilentServer();
    await using cache = await factory().forTesting({ redisUrl: await server.listen(), connectTimeout });
    expect(cache).toBeInstanceOf(InMemoryCache);
    await cache.set('key', 'value');
    expect(await cache.get('key')).toBe('value');
  });
});
