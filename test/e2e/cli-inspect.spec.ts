import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { RedisCache } from 'nestjs-cache-infra';

import { CliCache } from '../support/cli-cache.js';
import { runCli } from '../support/run-cli.js';

const cli = new CliCache('inspect');

describe('T88: npx nestjs-cache-infra inspect', () => {
  it('T88: shows tier, state, ttl, tags, size and version of an entry, and not its value', async () => {
    await cli.cache.set(
      'user:7',
      { name: 'Ada', password: 's3cret' },
      { ttl: '5m', grace: '1h', tags: ['users'] },
    );
    const { code, out, error } = await cli.run('--key', 'user:7');

    expect([code, error]).toEqual([0, '']);
    expect(out).toContain(`redis key  '${cli.keyPrefix}::user:7'`);
    expect(out).toMatch(/state +fresh, (299|300) s left/);
    expect(out).toMatch(/tier +Redis/);
    expect(out).toMatch(/ttl +300 s/);
    expect(out).toMatch(/grace +3600 s/);
    expect(out).toMatch(/tags +'users'/);
    expect(out).toMatch(/size +\d+ bytes/);
    expect(out).toMatch(/version +1, entry [\da-f]+-[\da-f]{8}/);
    expect(out).not.toMatch(/Ada|s3cret/);
  });

  it('takes the key as it stands, or by --key, and no second one', async () => {
    await cli.cache.set('user:7', 1);
    await cli.cache.set('-7', 2);
    expect(await cli.run('user:7', '--value')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/value +1/),
    });
    expect(await cli.run('--key=-7', '--value')).toMatchObject({ out: expect.stringMatching(/value +2/) });
    for (const args of [[], ['user:7', 'user:8'], ['user:7', '--key', 'user:7']])
      expect(await cli.run(...args)).toMatchObject({
        code: 1,
        error: expect.stringContaining('inspect <key>'),
      });
  });

  it('names the compression, and the format of JSON', async () => {
    const text = 'abc '.repeat(1000);
    const options = { redisUrl: cli.redisUrl, keyPrefix: cli.keyPrefix };
    await using brotli = new RedisCache({ ...options, compressionAlgorithm: 'brotli' });
    await using json = new RedisCache({ ...options, format: 'json' });
    await cli.cache.set('deflated', text);
    await brotli.set('squeezed', text);
    await json.set('readable', text);

    expect((await cli.run('deflated')).out).toMatch(/size +\d+ bytes, compressed by deflate\n/);
    expect((await cli.run('squeezed')).out).toMatch(/size +\d+ bytes, compressed by brotli\n/);
    expect((await cli.run('readable')).out).toMatch(/size +\d+ bytes, JSON\n/);
  });

  it('--json: prints one document; the value on demand', async () => {
    const { cache, redisUrl: _, keyPrefix } = cli;
    await cache.set('user:7', { name: 'Ada' }, { ttl: '5m', grace: '1h', tags: ['users'] });
    const { code, out, error } = await cli.run('user:7', '--json');
    expect([code, error]).toEqual([0, '']);
    expect(JSON.parse(out)).toMatchObject({
      ...{ cache: 'default', namespaces: [], key: 'user:7', redisKey: `${keyPrefix}::user:7` },
      ...{ state: 'fresh', left: expect.any(Number), ttl: 300, grace: 3600, tags: ['users'] },
      ...{ isEncrypted: false, version: expect.stringMatching(/^[\da-f]+-[\da-f]{8}$/) },
    });
    expect(out).not.toContain('Ada');
    expect(JSON.parse((await cli.run('user:7', '--json', '--value')).out).value).toBe("{ name: 'Ada' }");
    const absent = await cli.run('nothing', '--json');
    expect([absent.code, JSON.parse(absent.out).state]).toEqual([1, 'absent']);
  });

  it('T88: shows the value and its type on demand', async () => {
    await cli.cache.set('rates', new Map([['EUR', 1n]]));
    const { out } = await cli.run('--key', 'rates', '--value');
    expect(out).toContain("Map(1) { 'EUR' => 1n }");
  });

  it('T88: distinguishes stale, invalidated and missing entries', async () => {
    await cli.cache.set('stale', 1, { ttl: '5m', grace: '1h' });
    await cli.cache.expire('stale');
    await cli.cache.set('tagged', 1, { tags: ['users'] });
    await cli.cache.invalidateTags('users');

    expect((await cli.run('--key', 'stale')).out).toMatch(/state +stale: a miss, served for [\d.]+ s more/);
    expect((await cli.run('--key', 'tagged')).out).toMatch(/state +invalidated by one of its tags/);
    expect(await cli.run('--key', 'nothing')).toMatchObject({
      code: 1,
      out: expect.stringMatching(/state +absent/),
    });
  });

  it('T88: says why bytes cannot be decoded, and does not remove them', async () => {
    await cli.cache.set('corrupt', 'a text of some length');
    const redis = new Redis(cli.redisUrl);
    await redis.setrange(`${cli.keyPrefix}::corrupt`, 40, 'X');

    const { code, out } = await cli.run('--key', 'corrupt');
    expect(code).toBe(1);
    expect(out).toMatch(/state +unreadable \(checksum\)/);
    expect(await redis.exists(`${cli.keyPrefix}::corrupt`)).toBe(1);
    await redis.quit();
  });

  it('T88: finds namespaces and named caches', async () => {
    await writeFile(
      join(cli.directory, 'caches.json'),
      JSON.stringify({ keyPrefix: cli.keyPrefix, caches: { sessions: {} } }),
    );
    await using sessions = new RedisCache({ redisUrl: cli.redisUrl, keyPrefix: `${cli.keyPrefix}.sessions` });
    await cli.cache.namespace('shop').namespace('eu').set('7', 1);
    await sessions.set('ann', 1);

    expect(await cli.run('--key', '7', '--namespace', 'shop', '--namespace', 'eu')).toMatchObject({
      code: 0,
    });
    const named = ['--config', 'caches.json', '--cache'];
    expect(await cli.run('--key', 'ann', ...named, 'sessions')).toMatchObject({ code: 0 });
    const { code, error } = await cli.run('--key', 'ann', ...named, 'session');
    expect([code, error]).toEqual([
      1,
      "--cache session: the configuration has no such cache, only 'default', 'sessions'\n",
    ]);
    await sessions.clear();
  });

  it('says where it looked for an absent key, and how to name a namespace', async () => {
    await cli.cache.namespace('eu').set('k', 1);
    expect((await cli.run('k')).out).toMatch(
      /looked in +the root only: --namespace <name> names another, nestjs-cache-infra keys counts them/,
    );
    expect((await cli.run('l', '--namespace', 'eu')).out).toMatch(/looked in +the namespace eu only: /);
    expect(JSON.parse((await cli.run('k', '--json')).out)).toMatchObject({
      ...{ state: 'absent', namespaces: [] },
      hint: expect.stringMatching(/^Looked in the root only: --namespace/),
    });
  });

  it('shows the entry of a variant', async () => {
    await cli.cache.namespace('vary.user').set('ann#mine', 1);
    expect(await cli.run('ann#mine', '--namespace', 'vary.user')).toMatchObject({ code: 0 });
    expect((await cli.run('--help')).out).toContain("'vary.user' for methods with vary: ['user']");
  });

  it('takes the Redis and the prefix as flags', async () => {
    await cli.cache.set('user:7', 1);
    const flags = ['--redis', cli.redisUrl, '--prefix', cli.keyPrefix];
    expect(await runCli(['inspect', 'user:7', ...flags], cli.directory)).toMatchObject({
      ...{ code: 0, out: expect.stringContaining(`${cli.keyPrefix}::user:7`) },
    });
  });

  it('says first that the key is missing', async () => {
    const { code, error } = await cli.run();
    expect([code, error.split('\n')[0]]).toEqual([1, 'The key is missing: inspect <key>']);
  });

  it('T88: says what to do if there is no Redis, without credentials', async () => {
    const nowhere = await runCli(['inspect', '--key', 'a'], cli.directory);
    expect(nowhere).toMatchObject({ code: 1, error: expect.stringContaining('REDIS_URL') });

    const away = await runCli(['inspect', '--key', 'a'], cli.directory, {
      REDIS_URL: 'redis://u:s3cret@127.0.0.1:1',
    });
    expect(away).toMatchObject({ code: 1, error: expect.stringContaining('Redis connection failed') });
    expect(away.error).not.toContain('s3cret');

    const help = await runCli(['inspect'], cli.directory);
    expect(help).toMatchObject({ code: 1, error: expect.stringContaining('--key <key>') });
  });
});
