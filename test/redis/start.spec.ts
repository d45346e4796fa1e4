import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

import { RedisCache } from '../../libs/cache-infra/src/cache/redis-cache.js';
import type { RedisServer } from '../../libs/cache-infra/src/testing/redis-server.js';
import { ownRedisServer } from '../support/redis.js';

let server: RedisServer;
let deaf: Server;
const sockets = new Set<Socket>();
let asked = 0;

/** Hands everything on to Redis, until somebody asks it what time it is. */
function handOn(client: Socket): void {
  const redis = connect(Number(new URL(server.url).port), '127.0.0.1');
  let isDeaf = false;
  for (const socket of [client, redis]) {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      client.destroy();
      redis.destroy();
    });
  }
  client.on('data', (chunk) => {
    if (/\r\ntime\r\n/i.test(chunk.toString())) {
      isDeaf = true;
      asked++;
    }
    if (!isDeaf) redis.write(chunk);
  });
  redis.on('data', (chunk) => client.write(chunk));
}

beforeAll(async () => {
  server = await ownRedisServer();
  deaf = createServer(handOn);
  deaf.listen(0, '127.0.0.1');
  await once(deaf, 'listening');
});
afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  deaf.close();
  await server.stop();
});

describe('a Redis that greets and then says nothing', () => {
  it('holds up connect() for connectTimeout at most, however long its commands are waited for', async () => {
    const { port } = deaf.address() as AddressInfo;
    const cache = new RedisCache({
      redisUrl: `redis://127.0.0.1:${String(port)}`,
      connectTimeout: '300ms',
      // Longer than this test may take.
      commandTimeout: '10m',
    });
    await cache.connect();
    expect(asked).toBeGreaterThan(0);
    await cache.close();
  });
});

it('connect() to a port of another protocol says so', async () => {
  const http = createHttpServer((_, response) => response.end());
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const { port } = http.address() as AddressInfo;
  await using cache = new RedisCache({ redisUrl: `redis://127.0.0.1:${String(port)}` });
  await expect(cache.connect()).rejects.toThrow('the server does not speak the protocol of Redis');
  http.close();
  http.closeAllConnections();
});

it('connect() by TLS to a server without TLS asks for it', async () => {
  const redisUrl = server.url.replace('redis:', 'rediss:');
  await using cache = new RedisCache({ redisUrl, connectTimeout: '300ms' });
  await expect(cache.connect()).rejects.toThrow('does the server speak TLS (rediss://)?');
});
