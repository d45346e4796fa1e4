import { beforeEach, describe, expect, it } from '@jest/globals';

import { Test } from '@nestjs/testing';
import { Cacheable, CacheInfraModule } from 'nestjs-cache-infra';

import { CliCache } from '../support/cli-cache.js';
import { closingAfterEach } from '../support/closing.js';
import { runCli, type Outcome } from '../support/run-cli.js';
import { until } from '../support/until.js';

const cli = new CliCache('keys');
const closing = closingAfterEach();

beforeEach(() =>
  cli.cache.setMany([
    ['user:1', 1],
    ['user:2', 2],
    ['order:1', 3],
  ]),
);

const linesOf = ({ out }: Outcome): string[] => out.split('\n').filter(Boolean).sort();

describe('npx nestjs-cache-infra keys', () => {
  it('lists the keys that match, one a line', async () => {
    expect(linesOf(await cli.run())).toEqual(['order:1', 'user:1', 'user:2']);
    expect(linesOf(await cli.run('user:*'))).toEqual(['user:1', 'user:2']);
    expect(await cli.run('nothing*')).toEqual({ code: 0, out: '', error: '' });
  });

  it('lists those of a namespace', async () => {
    await cli.cache.namespace('catalogue').set('product:7', 1);
    expect(linesOf(await cli.run('--namespace', 'catalogue'))).toEqual(['product:7']);
  });

  it('escapes a key that would write to the terminal', async () => {
    await cli.cache.set('evil\u001B[2J', 1);
    expect(linesOf(await cli.run('evil*'))).toEqual([`'evil\\x1B[2J'`]);
  });

  it('stops at its limit, and says so', async () => {
    const outcome = await cli.run('--limit', '2');
    expect(linesOf(outcome)).toHaveLength(2);
    expect(outcome.error).toContain('Stopped after 2 keys');
    expect(await cli.run('--limit', 'many')).toMatchObject({
      code: 1,
      error: expect.stringContaining('Usage'),
    });
  });

  it('--json: prints one document', async () => {
    const { code, out, error } = await cli.run('user:*', '--json');
    expect([code, error]).toEqual([0, '']);
    const { keys, ...rest } = JSON.parse(out);
    expect(keys.sort()).toEqual(['user:1', 'user:2']);
    expect(rest).toEqual({
      ...{ cache: 'default', namespaces: [], pattern: 'user:*', isComplete: true },
      otherNamespaces: { keys: 0, namespaces: [], isComplete: true },
    });
    const limited = await cli.run('--json', '--limit', '3', '--namespace', 'none');
    expect(JSON.parse(limited.out)).toMatchObject({ namespaces: ['none'], keys: [], isComplete: true });
    expect(JSON.parse((await cli.run('--json', '--limit', '1')).out)).toMatchObject({ isComplete: false });
  });

  it('names what is missing without a Redis', async () => {
    const { code, error } = await runCli(['keys'], cli.directory);
    expect([code, error]).toEqual([1, expect.stringContaining('configure its Redis')]);
  });

  it('counts the keys of other namespaces, and says how to list them', async () => {
    await cli.cache.namespace('eu').setMany([
      ['k', 1],
      ['l', 2],
    ]);
    await cli.cache.namespace('vary.user').set('ann#mine', 3);
    const { code, out, error } = await cli.run();
    expect([code, out.split('\n').filter(Boolean)]).toEqual([
      0,
      expect.not.arrayContaining(['k', 'ann#mine']),
    ]);
    expect(error).toBe('3 more keys in other namespaces: eu (2), vary.user (1): --namespace eu\n');
    expect((await cli.run('k')).error).toBe('1 more key in other namespaces: eu (1): --namespace eu\n');
    expect((await cli.run('order:*')).error).toBe('');
  });

  it('finds the entries of variants by their key without the facts', async () => {
    await cli.cache.namespace('vary.tenant,user').set('acme&ann#mine', 3);
    const { error } = await cli.run('mine');
    expect(error).toBe(
      "1 more key in other namespaces: vary.tenant,user (1): '*#mine' --namespace vary.tenant,user\n",
    );
    expect(linesOf(await cli.run('*#mine', '--namespace', 'vary.tenant,user'))).toEqual(['acme&ann#mine']);
  });

  it('lists the entries of a method with vary, and inspect shows them', async () => {
    class Orders {
      @Cacheable({ key: () => 'mine', namespace: 'orders', vary: ['user'] })
      find(): Promise<number> {
        return Promise.resolve(1);
      }
    }
    const cache = { redisUrl: cli.redisUrl, keyPrefix: cli.keyPrefix, fleet: false } as const;
    const module = await Test.createTestingModule({
      imports: [CacheInfraModule.forRoot({ ...cache, vary: { user: () => 'ann lee' } })],
      providers: [Orders],
    }).compile();
    closing(module);
    await module.init();
    await module.get(Orders).find();

    const place = ['--namespace', 'orders', '--namespace', 'vary.user'];
    await until(async () => (await cli.run('*', ...place)).out !== '', 'the entry in Redis');
    expect(linesOf(await cli.run('*#mine', ...place))).toEqual(['ann%20lee#mine']);
    expect((await cli.run('mine')).error).toContain(": '*#mine' --namespace orders --namespace vary.user");
    const flags = ['--redis', cli.redisUrl, '--prefix', cli.keyPrefix];
    const shown = await runCli(['inspect', 'ann%20lee#mine', ...place, ...flags], cli.directory);
    expect(shown).toMatchObject({ code: 0, out: expect.stringMatching(/state +fresh/) });
  });

  it('names nested namespaces, the root, and those that a shell would split', async () => {
    await cli.cache.namespace('shop').namespace('eu/west').set('k', 1);
    await cli.cache.namespace("it's").set('k', 1);
    await cli.cache.namespace("it's").set('l', 1);
    expect((await cli.run('--namespace', 'shop', '--namespace', 'eu/west')).error).toBe(
      "5 more keys in other namespaces: the root (3), it's (2): without --namespace\n",
    );
    expect((await cli.run('l')).error).toBe(
      "1 more key in other namespaces: it's (1): --namespace 'it'\\''s'\n",
    );
    expect((await cli.run('k', '--namespace', "it's")).error).toBe(
      '1 more key in other namespaces: shop › eu/west (1): --namespace shop --namespace eu/west\n',
    );
  });

  it('bounds the look into other namespaces by the limit, and the names by five', async () => {
    for (let i = 0; i < 7; i++) await cli.cache.namespace(`n${String(i)}`).set('k', 1);
    expect((await cli.run('--limit', '4')).error).toMatch(/^At least 4 more keys in other namespaces: /m);
    expect((await cli.run()).error).toMatch(
      /^7 more keys in other namespaces: (n\d \(1\), ){5}…: --namespace n\d$/m,
    );
  });

  it('--json: has the other namespaces', async () => {
    await cli.cache.namespace('shop').namespace('eu').set('k', 1);
    const { out, error } = await cli.run('--json');
    expect(error).toBe('');
    expect(JSON.parse(out).otherNamespaces).toEqual({
      ...{ keys: 1, isComplete: true },
      namespaces: [{ namespaces: ['shop', 'eu'], keys: 1, pattern: '*' }],
    });
  });

  it('takes the Redis and the prefix as flags', async () => {
    const args = ['keys', 'user:*', '--redis', cli.redisUrl, '--prefix', cli.keyPrefix];
    expect(linesOf(await runCli(args, cli.directory))).toEqual(['user:1', 'user:2']);
    const env = { REDIS_URL: 'redis://127.0.0.1:1', CACHE_KEY_PREFIX: 'other' };
    expect(linesOf(await runCli(args, cli.directory, env))).toEqual(['user:1', 'user:2']);
  });
});
