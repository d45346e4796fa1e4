import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { beforeEach, describe, expect, it } from '@jest/globals';

import { CachePerformanceMonitor, RedisCache } from 'nestjs-cache-infra';

import { instanceSummary } from '../../libs/cache-infra/src/fleet/instance-summary.js';
import { FleetPublisher } from '../../libs/cache-infra/src/fleet/publisher.js';
import { readFleet } from '../../libs/cache-infra/src/fleet/read-fleet.js';
import { CliCache } from '../support/cli-cache.js';
import { closingAfterEach } from '../support/closing.js';
import { ownRedisServer } from '../support/redis.js';
import { readJson, root } from '../support/repository.js';
import { runCli } from '../support/run-cli.js';
import { until } from '../support/until.js';

const cli = new CliCache('top');
const closing = closingAfterEach();

/** Publishes an instance with one cache, on which something has happened. */
async function instance(redisUrl: string, keyPrefix: string, name = 'shop-1'): Promise<void> {
  const monitor = new CachePerformanceMonitor();
  const cache = closing(new RedisCache({ name: 'shop', redisUrl, keyPrefix, monitor }));
  await cache.connect();
  for (let i = 0; i < 4; i++) await cache.getOrSet('product:7', () => 1);
  const publisher = closing(
    new FleetPublisher(cache, {
      ...{ id: name, everyMs: 1000, named: new Set(['shop']) },
      summary: () => instanceSummary({ id: name, name, caches: [{ cache }], monitor }),
    }),
  );
  publisher.start();
  await until(async () => {
    const { instances } = await readFleet(cache);
    return instances.some(({ id, caches }) => id === name && caches[0]?.stats.loads === 1);
  }, 'the instance');
}

let server: Awaited<ReturnType<typeof ownRedisServer>>;
let url: string;
beforeEach(async () => {
  server = await ownRedisServer();
  closing({ close: () => server.stop() });
  url = server.url;
});

const top = (...args: string[]) => runCli(['top', ...args], cli.directory);

describe('npx nestjs-cache-infra top', () => {
  it('prints the instances once where there is no terminal, and finds their prefix', async () => {
    await instance(url, 'shop');
    const { code, out, error } = await top('--redis', url);
    expect([code, error]).toEqual([0, '']);
    expect(out).toContain('prefix shop');
    expect(out).toMatch(/INSTANCE +HEALTH +OPS\/S +HITS +L1 +L2 +LOADS\/S +P95 MS/);
    expect(out).toMatch(/shop-1 +up +[\d.]+ +75\.0 % +75\.0 % +0\.0 %/);
    expect(out).toMatch(/product:\*/);
    expect(out).not.toContain('\u001b');
  });

  it('marks estimates, and does not guess a ratio from too few reads', async () => {
    await instance(url, 'shop');
    const { out } = await top('--redis', url);
    expect(out).toMatch(/~HITS +LOAD MS\n *product:\* +shop +1 +0 +- /);
    expect(out).toContain('~ estimated: one L1 hit in 128 is counted');
  });

  it('takes the Redis and the prefix of the environment', async () => {
    await instance(url, 'shop');
    await instance(url, 'other', 'other-1');
    const { code, out } = await runCli(['top'], cli.directory, { REDIS_URL: url, CACHE_KEY_PREFIX: 'shop' });
    expect([code, out]).toEqual([0, expect.stringContaining('shop-1')]);
    expect(out).not.toContain('other-1');
  });

  it('asks which application is meant, if several publish', async () => {
    await instance(url, 'shop');
    await instance(url, 'eu:shop', 'other-1');
    const { code, out, error } = await top('--redis', url);
    expect([code, out]).toEqual([1, '']);
    expect(error).toMatch(/Several applications .* --prefix eu:shop, --prefix shop/);
    expect((await top('--redis', url, '--prefix', 'eu:shop')).out).toContain('other-1');
  });

  it('--json: prints one document', async () => {
    await instance(url, 'shop');
    const { code, out, error } = await top('--redis', url, '--json', '--window', '5m', '--cache', 'shop');
    expect([code, error]).toEqual([0, '']);
    expect(JSON.parse(out)).toMatchObject({
      ...{ prefix: 'shop', window: '5m' },
      instances: [{ name: 'shop-1', caches: [{ name: 'shop' }], report: { window: '5m' } }],
      total: { caches: [{ stats: { loads: 1, hits: 3 } }], report: { stepSeconds: 5 } },
    });
  });

  it('says what to do if no instance publishes', async () => {
    const { code, out, error } = await top('--redis', url, '--prefix', 'shop');
    expect([code, out]).toEqual([1, '']);
    expect(error).toMatch(/No instance publishes on Redis \(127\.0\.0\.1:\d+\) under the prefix 'shop'/);
    expect(error).toContain('Check --redis and --prefix');
  });

  it.each([
    [['--window', '2m'], /--window must be one of 1m, 5m, 1h, 24h, got '2m'/],
    [['--redis', 'http://x'], /redisUrl must start with 'redis:\/\/'/],
    [['--redis', 'redis://u:s3cret@127.0.0.1:1'], /^Redis connection failed/],
    [['--fast'], /'--fast'[^]*Usage: nestjs-cache-infra top/],
    [[], /configure its Redis/],
  ])('%j: names the mistake, exit code 1', async (args, words) => {
    const { code, out, error } = await top(...args);
    expect([code, out]).toEqual([1, '']);
    expect(error).toMatch(words);
    expect(error).not.toContain('s3cret');
  });

  it('names the caches, if --cache is none of them', async () => {
    await instance(url, 'shop');
    expect((await top('--redis', url, '--cache', 'shp')).error).toContain("only 'shop'");
  });
});

describe('npx nestjs-cache-infra top in a terminal', () => {
  /** The command in a terminal of 80 x 24 characters, by `script` of util-linux. */
  async function inTerminal(args: readonly string[]) {
    const { bin } = await readJson<{ bin: Record<string, string> }>('libs/cache-infra/package.json');
    const file = join(root, 'libs/cache-infra', bin['nestjs-cache-infra'] ?? '');
    const command = `stty rows 24 cols 80; exec ${process.execPath} ${file} ${args.join(' ')}`;
    const child = spawn('script', ['-qec', command, '/dev/null'], {
      cwd: cli.directory,
      env: { PATH: process.env['PATH'], TERM: 'xterm', SHELL: '/bin/sh' },
    });
    let out = '';
    child.stdout.on('data', (part: Buffer) => (out += part.toString()));
    const code = new Promise<number | null>((resolve) => child.once('close', resolve));
    closing({
      close: async () => {
        child.kill('SIGKILL');
        await code;
      },
    });
    return {
      code,
      press: (key: string) => child.stdin.write(key),
      shows: (words: RegExp) => until(() => words.test(out), `the screen to show ${String(words)}`, 15_000),
      get out() {
        return out;
      },
    };
  }

  it('shows the fleet live, switches the window, goes on without Redis, and quits by q', async () => {
    await instance(url, 'shop');
    const terminal = await inTerminal(['top', '--redis', url]);
    await terminal.shows(/shop-1/);
    expect(terminal.out).toContain('\u001b[?1049h');
    expect(terminal.out).toContain('\u001b[32mup');
    terminal.press('2');
    await terminal.shows(/\[5m\]/);
    terminal.press('\u001b[C');
    await terminal.shows(/\[1h\]/);

    await server.stop();
    await terminal.shows(/Trying again/);
    expect(terminal.out).not.toContain('\u001b[?1049l');
    terminal.press('q');
    expect(await terminal.code).toBe(0);
    expect(terminal.out.endsWith('\u001b[?7h\u001b[?25h\u001b[?1049l')).toBe(true);
  });
});

describe('the prefix of the application', () => {
  const run = (...args: string[]) => runCli([...args, '--redis', url], cli.directory);

  it.each(['keys', 'inspect', 'check'])('is found for %s, as for top', async (command) => {
    await instance(url, 'eu:shop');
    const { code, out, error } = await run(command, ...(command === 'inspect' ? ['product:7'] : []));
    expect([code, error]).toEqual([0, '']);
    expect(out).toMatch(
      { keys: /^product:7$/m, inspect: /state +fresh/, check: /keyPrefix +eu:shop/ }[command]!,
    );
  });

  it('is asked for, if several applications publish', async () => {
    await instance(url, 'shop');
    await instance(url, 'eu:shop', 'other-1');
    for (const args of [['keys'], ['inspect', 'product:7'], ['check']]) {
      const { code, error } = await run(...args);
      expect([code, error]).toEqual([1, expect.stringMatching(/Several applications .* --prefix eu:shop/)]);
    }
    expect((await run('keys', '--prefix', 'eu:shop')).out).toBe('product:7\n');
  });

  it('is that of the configuration, if none publishes', async () => {
    const cache = closing(new RedisCache({ redisUrl: url, keyPrefix: 'plain' }));
    await cache.set('k', 1);
    const config = join(cli.directory, 'plain.json');
    await writeFile(config, '{ "keyPrefix": "plain" }');
    expect((await run('keys', '--config', config)).out).toBe('k\n');
  });
});
