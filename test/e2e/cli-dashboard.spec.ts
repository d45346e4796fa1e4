import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { join } from 'node:path';

import { beforeEach, describe, expect, it } from '@jest/globals';

import { InMemoryCache, RedisCache } from 'nestjs-cache-infra';

import { instanceSummary } from '../../libs/cache-infra/src/fleet/instance-summary.js';
import { FleetPublisher } from '../../libs/cache-infra/src/fleet/publisher.js';
import { readFleet } from '../../libs/cache-infra/src/fleet/read-fleet.js';
import { CliCache } from '../support/cli-cache.js';
import { closingAfterEach } from '../support/closing.js';
import { ownRedisServer } from '../support/redis.js';
import { readJson, root } from '../support/repository.js';
import { runCli } from '../support/run-cli.js';
import { until } from '../support/until.js';

const cli = new CliCache('dashboard');
const closing = closingAfterEach();
let server: Awaited<ReturnType<typeof ownRedisServer>>;

beforeEach(async () => {
  server = await ownRedisServer();
  closing({ close: () => server.stop() });
});

/** Publishes an instance. */
async function instance(): Promise<RedisCache> {
  const cache = closing(new RedisCache({ name: 'shop', redisUrl: server.url, keyPrefix: 'shop' }));
  const memory = closing(new InMemoryCache({ name: 'local' }));
  const publisher = closing(
    new FleetPublisher(cache, {
      ...{ id: 'one', everyMs: 1000, named: new Set(['shop']) },
      summary: () => instanceSummary({ id: 'one', name: 'shop-1', caches: [{ cache }, { cache: memory }] }),
    }),
  );
  await cache.connect();
  publisher.start();
  await until(async () => (await readFleet(cache)).instances.length === 1, 'the instance');
  return cache;
}

/** The running command, and the address that it prints. */
async function served(...args: string[]) {
  const { bin } = await readJson<{ bin: Record<string, string> }>('libs/cache-infra/package.json');
  const file = join(root, 'libs/cache-infra', bin['nestjs-cache-infra'] ?? '');
  const child = spawn(process.execPath, [file, 'dashboard', ...args], {
    cwd: cli.directory,
    env: { PATH: process.env['PATH'] },
  });
  let [out, error] = ['', ''];
  child.stdout.on('data', (part: Buffer) => (out += part.toString()));
  child.stderr.on('data', (part: Buffer) => (error += part.toString()));
  const code = new Promise<number | null>((resolve) => child.once('close', resolve));
  closing({
    close: async () => {
      child.kill('SIGKILL');
      await code;
    },
  });
  await until(() => /http:\S+/.test(out) || child.exitCode !== null, 'the address', 15_000);
  const address = /http:\S+/.exec(out)?.[0];
  if (address === undefined) throw new Error(`The dashboard did not start: ${error}`);
  return { address, code, end: (signal: NodeJS.Signals) => child.kill(signal) };
}

/** By node:http: fetch sends a Host of its own. */
async function asked(port: string, headers: Record<string, string>) {
  const asking = request({ host: '127.0.0.1', port, headers });
  const answered = once(asking, 'response') as Promise<[IncomingMessage]>;
  asking.end();
  const [response] = await answered;
  let text = '';
  for await (const part of response) text += String(part);
  return { status: response.statusCode, text };
}

describe('npx nestjs-cache-infra dashboard', () => {
  it('serves the page and the fleet on loopback, read-only, and ends by SIGTERM with a stream open', async () => {
    await instance();
    const { address, code, end } = await served('--redis', server.url);
    expect(address).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);

    const page = await fetch(address);
    expect([page.status, page.headers.get('content-type')]).toEqual([
      200,
      expect.stringContaining('text/html'),
    ]);
    const state = await fetch(`${address}api/state`);
    expect(await state.json()).toMatchObject({
      ...{ source: 'redis', rights: { readOnly: true, showsValues: false } },
      instances: [{ id: 'one', name: 'shop-1', status: 'up' }],
    });
    const target = { kind: 'key', cache: 'shop', key: 'a' };
    const refused = await fetch(`${address}api/invalidate`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(target),
    });
    expect(refused.status).toBe(403);

    const stream = await fetch(`${address}api/events`);
    expect(stream.status).toBe(200);
    end('SIGTERM');
    expect(await code).toBe(0);
    await stream.body?.cancel().catch(() => undefined);
  });

  it.each<[string, Record<string, string>]>([
    ['a foreign Host', { host: 'box.example.com' }],
    ['a forwarded request', { 'x-forwarded-for': '10.0.0.1' }],
  ])('refuses %s, and names the ways in that the command has', async (_, headers) => {
    await instance();
    const { address } = await served('--redis', server.url);
    const { port } = new URL(address);
    const { status, text } = await asked(port, headers);
    expect(status).toBe(403);
    expect(text).toContain(`http://localhost:${port}/`);
    expect(text).toContain(`ssh -L ${port}:localhost:${port} user@host`);
    expect(text).not.toContain('forRoot');
  });

  it('looks into a key of a namespace, and shows its value only with --values', async () => {
    const cache = await instance();
    await cache.namespace('eu/west').set('user:1', { name: 'Ada' }, { ttl: '1h', tags: ['users'] });
    const query = 'api/key?cache=shop&key=user:1&namespace=eu/west';
    const answer = {
      ...{ cache: 'shop', namespaces: ['eu/west'], key: 'user:1', l1: null },
      l2: { kind: 'entry', state: 'fresh', tags: ['users'] },
    };

    const { address } = await served('--redis', server.url);
    expect(await (await fetch(`${address}${query}`)).json()).toMatchObject({ ...answer, value: null });
    const open = await served('--redis', server.url, '--values');
    const shown = (await (await fetch(`${open.address}${query}`)).json()) as { value: string };
    expect(shown).toMatchObject({ ...answer, value: expect.stringContaining('Ada') });
  });

  it.each([
    ['local', /Cache "local" is in the memory of each instance/],
    ['none', /No instance publishes a cache "none"/],
  ])('refuses to look into the cache %s, and says why', async (name, words) => {
    await instance();
    const { address } = await served('--redis', server.url);
    const refused = await fetch(`${address}api/key?cache=${name}&key=a`);
    expect([refused.status, await refused.json()]).toEqual([404, { error: expect.stringMatching(words) }]);
  });

  it('says why there are no numbers while Redis is stopped', async () => {
    await instance();
    const { address } = await served('--redis', server.url, '--prefix', 'shop');
    await server.stop();
    await until(async () => (await fetch(`${address}api/state`)).status === 503, 'the outage', 15_000);
    expect(await (await fetch(`${address}api/state`)).json()).toEqual({
      error: expect.stringMatching(/Redis/),
    });
  });

  it.each([
    [['--host', '0.0.0.0'], /--host must be a loopback address .* CacheDashboardModule with a guard/],
    [['--port', 'many'], /--port must be a number from 0 to 65535, got 'many'/],
    [['--redis', 'redis://u:s3cret@127.0.0.1:1'], /^Redis connection failed/],
    [[], /configure its Redis/],
  ])('%j: names the mistake, exit code 1', async (args, words) => {
    const { code, out, error } = await runCli(['dashboard', ...args], cli.directory);
    expect([code, out]).toEqual([1, '']);
    expect(error).toMatch(words);
    expect(error).not.toContain('s3cret');
  });

  it('says what to do if no instance publishes', async () => {
    const { code, error } = await runCli(['dashboard', '--redis', server.url], cli.directory);
    expect([code, error]).toEqual([1, expect.stringContaining('No instance publishes on Redis')]);
  });
});
