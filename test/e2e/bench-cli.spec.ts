import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { buildLibrary } from '../faults/build-library.js';
import { readJson, root } from '../support/repository.js';

const redisUrl = process.env['TEST_REDIS_URL'] ?? '';
/** Few iterations: what is tested here is the command, not the caches. */
const quick = { BENCHMARK_DEFAULT_ITERATIONS: '8', BENCHMARK_WARMUP_ITERATIONS: '1' };
/** A busy machine is no failure of this suite. */
const lenient = {
  ...quick,
  BENCHMARK_THRESHOLD_AVERAGE_MS: '10000',
  BENCHMARK_THRESHOLD_P95_MS: '10000',
  BENCHMARK_THRESHOLD_P99_MS: '10000',
  BENCHMARK_THRESHOLD_REGRESSION_WARNING_PERCENT: '100000',
  BENCHMARK_THRESHOLD_REGRESSION_CRITICAL_PERCENT: '100000',
};
let directory: string;

beforeAll(async () => {
  await buildLibrary();
  // Within the repository, where packages are found.
  directory = await mkdtemp(join(root, 'test-results', 'bench-cli-'));
}, 180_000);
afterAll(() => rm(directory, { recursive: true, force: true }));

interface Outcome {
  readonly code: number | null;
  readonly out: string;
  readonly error: string;
}

/** The command as npm installs it, with an environment of its own. */
async function bench(
  args: readonly string[],
  env: Readonly<Record<string, string>> = lenient,
): Promise<Outcome> {
  const { bin } = await readJson<{ bin: Record<string, string> }>('libs/cache-infra/package.json');
  const command = join(root, 'libs/cache-infra', bin['nestjs-cache-infra'] ?? '');
  const child = spawn(process.execPath, [command, 'bench', ...args], {
    cwd: directory,
    env: { PATH: process.env['PATH'], ...env },
    timeout: 120_000,
  });
  let out = '';
  let error = '';
  child.stdout.on('data', (part: Buffer) => (out += part.toString()));
  child.stderr.on('data', (part: Buffer) => (error += part.toString()));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, out, error };
}

async function file(name: string, text: string): Promise<string> {
  await writeFile(join(directory, name), text);
  return name;
}

const read = (name: string) => readFile(join(directory, name), 'utf8');

const cacheModule = `
  import { InMemoryCache } from 'nestjs-cache-infra';
  export default () => new InMemoryCache({ name: 'mine', maxSize: 500 });
`;

describe('seed S1.3 benchmarks, end to end: npx nestjs-cache-infra bench', () => {
  it('measures, writes reports, keeps a history, and saves a baseline that the next run compares with', async () => {
    const first = await bench(['--preset', 'ci', '--save', 'baseline.json', '--history', 'runs']);
    // Quiet where there is no terminal.
    expect([first.code, first.error]).toEqual([0, '']);
    expect(first.out).toMatch(/memory +bulk set/);
    expect(first.out).toMatch(/a memory cache of 100 entries against one of 50 .* -\d+\.\d % /);

    const second = await bench([
      '--preset',
      'ci',
      '--compare',
      'baseline.json',
      '--report',
      'html,json',
      '--report',
      'md',
      '--out',
      'out',
      '--history',
      'runs',
    ]);
    expect([second.code, second.error]).toEqual([0, '']);
    expect(second.out).toContain('Against the baseline of ');
    expect((await readdir(join(directory, 'out'))).sort()).toEqual([
      'benchmark.html',
      'benchmark.json',
      'benchmark.md',
    ]);
    expect(JSON.parse(await read('out/benchmark.json'))).toMatchObject({
      ...{ schemaVersion: 1, passed: true, config: { preset: 'ci', defaultIterations: 8 } },
    });
    expect(await read('out/benchmark.html')).toContain('<h2>Trends</h2>');
    expect(await readdir(join(directory, 'runs'))).toHaveLength(2);
  }, 240_000);

  it('compares the cache of a module with that of another, in a step of GitHub Actions', async () => {
    const summary = await file('summary.md', '');
    const mine = await file('mine.mjs', cacheModule);
    const other = await file('other.mjs', cacheModule.replace('mine', 'theirs').replace('500', '50'));
    const { code, out } = await bench(['--cache', mine, '--against', other, '--ci', '--iterations', '9'], {
      ...lenient,
      BENCHMARK_THRESHOLD_MEMORY_MB: '0.001',
      GITHUB_STEP_SUMMARY: join(directory, summary),
    });
    expect(code).toBe(1);
    expect(out).toMatch(/mine +bulk set/);
    expect(out).toContain('mine against theirs');
    expect(out).toContain('9 iterations');
    expect(out).toContain('::error title=Benchmarks::mine: memory: its entries hold');
    expect(await read(summary)).toContain('# benchmarks: not passed');
  }, 120_000);

  it('measures caches in Redis', async () => {
    const { code, out, error } = await bench(['--redis', redisUrl, '--iterations', '1']);
    expect([code, error]).toEqual([0, '']);
    expect(out).toMatch(/redis with an L1 +bulk set/);
    expect(out).toMatch(/redis +compression .*%\n/);
  }, 120_000);

  it('saves no baseline of a failed run', async () => {
    const { code, out } = await bench(['--save', 'unsaved.json', '--iterations', '1'], {
      ...lenient,
      BENCHMARK_THRESHOLD_MEMORY_MB: '0.001',
    });
    expect(code).toBe(1);
    expect(out).toContain('Not saved as unsaved.json');
    await expect(read('unsaved.json')).rejects.toThrow('ENOENT');
  }, 120_000);

  it('--json: prints one document, and says on stderr what it wrote', async () => {
    const { code, out, error } = await bench(['--iterations', '1', '--json', '--save', 'json.json']);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ schemaVersion: 1, passed: true });
    expect(error).toBe('Wrote json.json\n');
  }, 120_000);

  it('checks itself', async () => {
    const { code, out } = await bench(['--self-check', '3']);
    expect(code).toBe(0);
    expect(out).toContain('0 of 3 comparisons of two identical caches reported a regression');
  }, 120_000);

  it('takes its configuration from a YAML file', async () => {
    const config = await file('bench.yaml', 'defaultIterations: 1\nthresholds: { memoryMb: 0.001 }\n');
    const { code, out } = await bench(['--config', config], {});
    expect(code).toBe(1);
    expect(out).toContain('1 iterations');
  }, 120_000);

  it('runs TypeScript if Node does, and otherwise says what to do', async () => {
    const module = await file('mine.ts', cacheModule);
    const { code, out, error } = await bench(['--cache', module, '--iterations', '1']);
    const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
    if (major > 22 || (major === 22 && minor >= 18)) {
      expect(code).toBe(0);
      expect(out).toMatch(/mine +bulk set/);
    } else {
      expect(code).toBe(2);
      expect(error).toContain('does not run TypeScript. Use Node 22.18 or newer');
    }
  }, 120_000);

  it.each<[string[], RegExp]>([
    [['--fast'], /--fast/],
    [['now'], /Unexpected argument 'now'/],
    [['--iterations', 'many'], /--iterations must be a positive integer, got 'many'/],
    [['--self-check', '0'], /--self-check must be a positive integer/],
    [['--report', 'pdf'], /--report must be one of json, html, markdown, text, got 'pdf'/],
    [['--preset', 'moon'], /preset must be one of 'development', 'testing', 'ci', 'production'/],
    [['--config', 'absent.yaml'], /absent\.yaml cannot be read/],
    [['--compare', 'absent.json'], /absent\.json cannot be read/],
    [['--cache', 'absent.mjs'], /absent\.mjs cannot be loaded/],
    [['--redis', 'http://localhost'], /must start with 'redis:\/\/'/],
  ])('%j: names the mistake, exit code 2', async (args, words) => {
    const { code, error } = await bench(args);
    expect(error).toMatch(words);
    expect(error).toContain('bench --help');
    expect(code).toBe(2);
  });

  it.each([
    ['foreign.json', '{ "results": [] }', /not a report of this benchmark suite/],
    [
      'old.json',
      '{ "tool": "nestjs-cache-infra benchmarks", "schemaVersion": 0 }',
      /has schema version 0, this release reads 1/,
    ],
  ])('refuses the baseline %s', async (name, text, words) => {
    const { code, error } = await bench(['--compare', await file(name, text)]);
    expect([code, error]).toEqual([2, expect.stringMatching(words)]);
  });

  it.each([
    [
      'empty.mjs',
      'export default 3;',
      /must export a Cache of nestjs-cache-infra, or a function that returns one/,
    ],
    ['broken.mjs', "throw new Error('no database');", /broken\.mjs cannot be loaded: no database/],
  ])('refuses the module %s', async (name, text, words) => {
    const { code, error } = await bench(['--cache', await file(name, text)]);
    expect([code, error]).toEqual([2, expect.stringMatching(words)]);
  });

  it('--help: prints the usage, exit code 0', async () => {
    const { code, out } = await bench(['--help']);
    expect(code).toBe(0);
    expect(out).toMatch(/^Usage: nestjs-cache-infra bench/);
    expect(out).toContain('Exit code');
  });
});
