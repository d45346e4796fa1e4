import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { Redis } from 'ioredis';

import { buildLibrary } from '../faults/build-library.js';
import { root, readJson } from '../support/repository.js';
import { runCli, type Outcome } from '../support/run-cli.js';

const redisUrl = process.env['TEST_REDIS_URL'] ?? '';
const nowhere = 'redis://someone:s3cret@127.0.0.1:1';
let directory: string;

beforeAll(async () => {
  await buildLibrary();
  // Within the repository, where packages are found.
  directory = await mkdtemp(join(root, 'test-results', 'cli-'));
}, 180_000);
afterAll(() => rm(directory, { recursive: true, force: true }));

/** With an environment of its own. */
function run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Outcome> {
  return runCli(args, directory, env);
}

async function file(name: string, text: string): Promise<string> {
  await writeFile(join(directory, name), text);
  return name;
}

describe('npx nestjs-cache-infra check', () => {
  it('without arguments: a cache in memory, its defaults, exit code 0', async () => {
    const { code, out, error } = await run(['check']);
    expect([code, error]).toEqual([0, '']);
    expect(out).toContain("Cache 'default', in memory");
    expect(out).toMatch(/defaultTtl +3600 s \(1 h\)/);
    expect(out).toContain('no Redis is configured');
  });

  it('with Redis from the environment: pings it, exit code 0', async () => {
    const { code, out } = await run(['check'], { REDIS_URL: redisUrl, CACHE_TTL: '77' });
    expect(code).toBe(0);
    expect(out).toContain("Cache 'default', in Redis");
    expect(out).toMatch(/defaultTtl +77/);
    expect(out).toMatch(/Redis answers in \d+\.\d ms/);
  });

  it('T46: prints every setting in effect, and its source', async () => {
    const config = await file('sources.mjs', `export default { preset: 'production', jitter: 0.1 };`);
    const { out } = await run(['check', '--config', config], { REDIS_URL: redisUrl, CACHE_TTL: '77' });
    expect(out).toMatch(/defaultTtl +77 s +\(CACHE_TTL\)/);
    expect(out).toMatch(/jitter +0\.1 +\(code\)/);
    expect(out).toMatch(/l1CacheSize +1000 +\(preset 'production'\)/);
    expect(out).toMatch(/commandTimeout +250ms +\(default\)/);
    expect(out).toMatch(/keyPrefix +cache +\(default\)/);
    expect(out).toMatch(/coherence +tracking +\(default\)/);
    expect(out).toMatch(/redisUrl .*\(REDIS_URL\)/);
  });

  it('T46: tries every operation of a cache, and leaves no key behind', async () => {
    const config = await file('tried.mjs', `export default { keyPrefix: 'tried' };`);
    const { code, out } = await run(['check', '--config', config], { REDIS_URL: redisUrl });
    expect(code).toBe(0);
    expect(out).toContain('Redis accepts set with a tag, get, getOrSet, invalidateTags, delete');
    const raw = new Redis(redisUrl);
    expect(await raw.keys('tried::*')).toEqual([]);
    await raw.unlink('tried:!tags');
    raw.disconnect();
  });

  it('T46: a Redis that refuses writes fails the check: names the command and the step, exit code 1', async () => {
    const raw = new Redis(redisUrl);
    await raw.call(
      ...([
        'ACL',
        'SETUSER',
        'reader',
        'on',
        '>p',
        '~*',
        '&*',
        '-@all',
        '+@read',
        '+@connection',
        '+info',
      ] as const),
    );
    const { host } = new URL(redisUrl);
    const { code, out } = await run(['check'], { REDIS_URL: `redis://reader:p@${host}` });
    await raw.call('ACL', 'DELUSER', 'reader');
    raw.disconnect();
    expect(code).toBe(1);
    expect(out).toMatch(
      /FAILED: set with a tag: Redis command failed .*no permissions to run the 'evalsha' command/,
    );
    expect(out).toContain('FAILED: receive invalidations: ');
    expect(out).not.toContain('FAILED: get:');
    expect(out).toContain('Some checks failed');
  });

  it('T47: warns of unknown variables, without their values', async () => {
    const { code, out } = await run(['check'], { CACHE_DEFAULT_TTL: '5', REDIS_HOST: 's3cret-host' });
    expect(code).toBe(0);
    expect(out).toContain(
      'WARNING: The environment variable CACHE_DEFAULT_TTL is not read: did you mean CACHE_TTL?',
    );
    expect(out).toContain('REDIS_HOST is not read: did you mean REDIS_URL?');
    expect(out).not.toContain('s3cret-host');
  });

  it('prints the warnings of the adviser', async () => {
    const config = await file(
      'advice.mjs',
      `export default { defaultTtl: 60, l1Ttl: 600, keyPrefix: 'advised' };`,
    );
    const { code, out } = await run(['check', '--config', config], { REDIS_URL: redisUrl });
    expect(code).toBe(0);
    expect(out).toContain("ADVICE: Cache 'default' has an l1Ttl of 600 s, above its defaultTtl of 60 s");
  });

  it('with an unavailable Redis: says so without its password, exit code 1', async () => {
    const { code, out, error } = await run(['check'], { REDIS_URL: nowhere });
    expect(code).toBe(1);
    expect(out).toContain('FAILED: Redis connection failed');
    expect(out + error).not.toContain('s3cret');
    expect(out).toMatch(/redisUrl +redis:\/\/\*\*\*@127\.0\.0\.1:1/);
  });

  it('with a wrong configuration: lists every problem, exit code 1', async () => {
    const config = await file('wrong.mjs', `export default { defaultTtl: -1, caches: { sessions: {} } };`);
    const { code, out, error } = await run(['check', '--config', config], { CACHE_SIZE: 'many' });
    expect([code, out]).toEqual([1, '']);
    expect(error).toContain('defaultTtl must be non-negative');
    expect(error).toContain('CACHE_SIZE must be');
  });

  it('accepts several caches, functions, registerAs and options of the module', async () => {
    const config = await file(
      'several.mjs',
      `import { registerAs } from '@nestjs/config';
       export const cacheConfig = registerAs('cache', async () => ({
         keyPrefix: 'shop', isGlobal: true, vary: { user: () => 'u' },
         encryption: { keys: [{ id: 'a', key: '${Buffer.alloc(32, 's').toString('base64')}' }] },
         caches: { sessions: { defaultTtl: 900 } },
       }));`,
    );
    const { code, out, error } = await run(['check', '--config', config]);
    expect([code, error]).toEqual([0, '']);
    expect(out).toMatch(/Cache 'sessions', in memory[^]*defaultTtl +900[^]*keyPrefix +shop\.sessions/);
    expect(out).toMatch(/encryption +\*\*\*/);
    expect(out).not.toContain('c3Nz');
  });

  it('reads an environment file', async () => {
    const { out } = await run(['check', '--env', await file('env', 'CACHE_TTL=55\n')]);
    expect(out).toMatch(/defaultTtl +55/);
  });

  it('reads JSON', async () => {
    const { code, out } = await run(['check', '--config', await file('cache.json', '{ "defaultTtl": 44 }')]);
    expect(code).toBe(0);
    expect(out).toMatch(/defaultTtl +44/);
  });

  it('a configuration that throws: prints the error without credentials, exit code 1', async () => {
    const throws = `throw new Error('no Redis at redis://u:s3cret@/s3cret@127.0.0.1:1, nor at "rediss://:s3cret@b"')`;
    const { code, error } = await run(['check', '--config', await file('throws.mjs', throws)]);
    expect(code).toBe(1);
    expect(error).toContain('no Redis at redis://***@127.0.0.1:1, nor at "rediss://***@b"');
    expect(error).not.toContain('s3cret');
  });

  it('a configuration with a missing import: names the import', async () => {
    const config = await file('imports.mjs', `import 'not-installed';`);
    expect((await run(['check', '--config', config])).error).toContain("Cannot find package 'not-installed'");
  });

  it.each([
    [['check', '--config', 'absent.mjs'], /^--config absent\.mjs: no such file$/m],
    [['check', '--config', 'cache.config.ts'], /pass the compiled JavaScript/],
    [['check', '--env', 'absent'], /^--env absent: no such file$/m],
    [['check', '--fast'], /'--fast'[^]*Usage: nestjs-cache-infra check/],
    [['check', '--config'], /'--config <value>'[^]*Usage: nestjs-cache-infra check/],
    [[], /Usage: nestjs-cache-infra check/],
  ])('%j: names the mistake, exit code 1', async (args, words) => {
    const { code, error } = await run(args);
    expect(code).toBe(1);
    expect(error).toMatch(words);
  });

  it.each([
    ['tpo', "unknown command 'tpo', did you mean 'top'?"],
    ['chekc', "unknown command 'chekc', did you mean 'check'?"],
    ['remove', "unknown command 'remove'"],
  ])('%s: names the command that is meant, and lists all in one line', async (name, words) => {
    const { code, out, error } = await run([name]);
    expect([code, out]).toEqual([1, '']);
    expect(error).toBe(
      `${words}\nCommands: check, inspect, keys, top, dashboard, bench; --help explains them\n`,
    );
  });

  it('prints units, and advises of a ttl that may be milliseconds', async () => {
    const normal = await run(['check', '--config', await file('bytes.json', '{ "defaultTtl": 300000 }')], {
      REDIS_URL: redisUrl,
    });
    expect(normal.out).toMatch(/defaultTtl +300000 s \(83 h\)/);
    expect(normal.out).toMatch(/maxValueBytes +64 MiB/);
    expect(normal.out).not.toContain('milliseconds');

    const words =
      "Cache 'default' has a defaultTtl of 3600000 s (42 d): a number counts seconds. If milliseconds are meant, set 3600 s (1 h)";
    const millis = await file('millis.json', '{ "defaultTtl": 3600000 }');
    const inMemory = await run(['check', '--config', millis]);
    expect([inMemory.code, inMemory.out]).toEqual([0, expect.stringContaining(`ADVICE: ${words}`)]);
    const inRedis = await run(['check', '--config', millis], { REDIS_URL: redisUrl });
    expect(inRedis.out).toContain(`ADVICE: ${words}`);
    const byVariable = await run(['check', '--json'], { CACHE_TTL: '3600000' });
    expect(JSON.parse(byVariable.out).caches[0].advice).toEqual([expect.stringContaining(words)]);
  });

  it('takes the Redis and the prefix as flags, over the configuration and the environment', async () => {
    const config = await file('elsewhere.mjs', `export default { redisUrl: '${nowhere}', keyPrefix: 'a' };`);
    const args = ['check', '--config', config, '--redis', redisUrl, '--prefix', 'flagged'];
    const { code, out } = await run(args, { CACHE_KEY_PREFIX: 'b' });
    expect(out).toMatch(/keyPrefix +flagged +\(--prefix\)/);
    expect(out).toMatch(/redisUrl .*\(--redis\)/);
    expect(code).toBe(0);

    const away = await run(['check', '--redis', nowhere]);
    expect([away.code, away.out]).toEqual([1, expect.stringContaining('FAILED: Redis connection failed')]);
    expect(away.out + away.error).not.toContain('s3cret');
  });

  it('T57: --version: prints the version, exit code 0', async () => {
    const { version } = await readJson<{ version: string }>('libs/cache-infra/package.json');
    expect(await run(['--version'])).toEqual({ code: 0, out: `${version}\n`, error: '' });
  });

  it.each(['check', 'inspect', 'keys', 'top', 'dashboard', 'bench'])(
    '%s --version: prints the version',
    async (command) => {
      const { version } = await readJson<{ version: string }>('libs/cache-infra/package.json');
      expect(await run([command, '--version'])).toEqual({ code: 0, out: `${version}\n`, error: '' });
    },
  );

  it('--json: prints one document, also of a failed check, without secrets', async () => {
    const passed = await run(['check', '--json'], { REDIS_URL: redisUrl, CACHE_TTL: '77' });
    expect([passed.code, passed.error]).toEqual([0, '']);
    const document = JSON.parse(passed.out);
    expect(document).toMatchObject({
      passed: true,
      caches: [{ name: 'default', home: 'redis', failed: [] }],
    });
    expect(document.caches[0].settings).toContainEqual({
      ...{ name: 'defaultTtl', value: '77', source: 'CACHE_TTL', applies: true },
    });
    expect(document.caches[0].accepted).toContain('getOrSet');

    const failed = await run(['check', '--json'], { REDIS_URL: nowhere });
    expect(failed.code).toBe(1);
    expect(JSON.parse(failed.out)).toMatchObject({ passed: false, caches: [{ latencyMs: null }] });
    expect(failed.out).not.toContain('s3cret');
  });

  it('has colours by FORCE_COLOR alone where there is no terminal', async () => {
    expect((await run(['check'])).out).not.toContain('\u001b');
    expect((await run(['check'], { FORCE_COLOR: '1' })).out).toContain('\u001b[32mAll checks passed.');
  });

  it('--help: prints the usage, exit code 0', async () => {
    const { code, out } = await run(['--help']);
    expect(code).toBe(0);
    expect(out).toContain('Exit code');
  });
});
