import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { buildLibrary } from '../faults/build-library.js';
import { root } from '../support/repository.js';
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
  it('without anything: a cache in memory, its defaults, 0', async () => {
    const { code, out, error } = await run(['check']);
    expect([code, error]).toEqual([0, '']);
    expect(out).toContain("Cache 'default', in memory");
    expect(out).toMatch(/defaultTtl +3600/);
    expect(out).toContain('no Redis is named');
  });

  it('with Redis from the environment: pings it, 0', async () => {
    const { code, out } = await run(['check'], { REDIS_URL: redisUrl, CACHE_TTL: '77' });
    expect(code).toBe(0);
    expect(out).toContain("Cache 'default', in Redis");
    expect(out).toMatch(/defaultTtl +77/);
    expect(out).toMatch(/Redis answers in \d+\.\d ms/);
  });

  it('prints what the adviser says', async () => {
    const config = await file(
      'advice.mjs',
      `export default { defaultTtl: 60, l1Ttl: 600, keyPrefix: 'advised' };`,
    );
    const { code, out } = await run(['check', '--config', config], { REDIS_URL: redisUrl });
    expect(code).toBe(0);
    expect(out).toContain("ADVICE: Cache 'default' has an l1Ttl of 600 s, above its defaultTtl of 60 s");
  });

  it('with a Redis that is away: says so without its password, 1', async () => {
    const { code, out, error } = await run(['check'], { REDIS_URL: nowhere });
    expect(code).toBe(1);
    expect(out).toContain('FAILED: Redis connection failed');
    expect(out + error).not.toContain('s3cret');
    expect(out).toMatch(/redisUrl +redis:\/\/\*\*\*@127\.0\.0\.1:1/);
  });

  it('with a wrong configuration: lists every problem, 1', async () => {
    const config = await file('wrong.mjs', `export default { defaultTtl: -1, caches: { sessions: {} } };`);
    const { code, out, error } = await run(['check', '--config', config], { CACHE_SIZE: 'many' });
    expect([code, out]).toEqual([1, '']);
    expect(error).toContain('defaultTtl must be non-negative');
    expect(error).toContain('CACHE_SIZE must be');
  });

  it('knows several caches, functions, registerAs and what is the module’s', async () => {
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

  it('a configuration that throws: says what, without credentials, 1', async () => {
    const throws = `throw new Error('no Redis at redis://u:s3cret@/s3cret@127.0.0.1:1, nor at "rediss://:s3cret@b"')`;
    const { code, error } = await run(['check', '--config', await file('throws.mjs', throws)]);
    expect(code).toBe(1);
    expect(error).toContain('no Redis at redis://***@127.0.0.1:1, nor at "rediss://***@b"');
    expect(error).not.toContain('s3cret');
  });

  it('a configuration that imports what is not there: says what', async () => {
    const config = await file('imports.mjs', `import 'not-installed';`);
    expect((await run(['check', '--config', config])).error).toContain("Cannot find package 'not-installed'");
  });

  it.each([
    [['check', '--config', 'absent.mjs'], /^--config absent\.mjs: there is no such file$/m],
    [['check', '--config', 'cache.config.ts'], /give the JavaScript that it is compiled to/],
    [['check', '--env', 'absent'], /^--env absent: there is no such file$/m],
    [['check', '--fast'], /'--fast'[^]*Usage: nestjs-cache-infra check/],
    [['check', '--config'], /'--config <value>'[^]*Usage: nestjs-cache-infra check/],
    [['chekc'], /Usage: nestjs-cache-infra check/],
    [[], /Usage: nestjs-cache-infra check/],
  ])('%j: says what is wrong, 1', async (args, words) => {
    const { code, error } = await run(args);
    expect(code).toBe(1);
    expect(error).toMatch(words);
  });

  it('--help: says how, 0', async () => {
    const { code, out } = await run(['--help']);
    expect(code).toBe(0);
    expect(out).toContain('Exit code');
  });
});
