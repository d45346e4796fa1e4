import { importTool, readText, readYaml } from '../support/repository.js';

interface Step {
  name?: string;
  env?: Record<string, string>;
  uses?: string;
  run?: string;
  with?: Record<string, unknown>;
}
interface Job {
  if?: string;
  env?: Record<string, string>;
  steps: Step[];
  strategy?: { matrix: Record<string, unknown[]> };
  services?: Record<string, { image: string; ports: string[]; options: string }>;
}
interface Workflow {
  on: Record<'push' | 'pull_request', { branches?: string[]; paths: string[] }>;
  permissions: Record<string, string>;
  concurrency: { group: string };
  jobs: Record<
    'cache-unit-tests' | 'cache-integration-tests' | 'cache-package-tests' | 'cache-performance-tests',
    Job
  >;
}
interface Service {
  image?: string;
  build?: { dockerfile: string } | string;
  command?: string;
  ports?: string[];
  volumes?: string[];
  environment?: Record<string, string>;
  depends_on?: Record<string, { condition: string }>;
  read_only?: boolean;
  cap_drop?: string[];
}
interface Compose {
  services: Record<string, Service>;
  volumes?: Record<string, unknown>;
}

/** The recipe of a target. */
async function recipe(target: string): Promise<string | undefined> {
  const makefile = await readText('Makefile');
  return new RegExp(`^${target}:.*\\n((?:\\t.*\\n)+)`, 'm').exec(makefile)?.[1]?.trim();
}

describe('the Makefile', () => {
  it.each([
    ['seed S7.79', 'test-cache-unit'],
    ['seed S7.80', 'test-cache-redis'],
    ['seed S7.81', 'test-cache-all'],
  ])('%s has the target %s, and an npm script of that name', async (_, target) => {
    const { scripts } = JSON.parse(await readText('package.json')) as { scripts: Record<string, string> };

    expect(await recipe(target)).toBe(`@${scripts[target] ?? ''}`);
  });

  it('seed S7.81 test-cache-all leaves no suite out, the slow ones included', async () => {
    const { suites } = await importTool<{ suites: string[] }>('scripts/lib/steps.mjs');

    expect(await recipe('test-cache-all')).toBe('@node scripts/test.mjs build suites');
    expect(suites).toEqual(
      expect.arrayContaining(['unit', 'redis', 'integration', 'e2e', 'browser', 'package', 'performance']),
    );
  });
});

describe('.github/workflows/cache-tests.yml', () => {
  const workflow = () => readYaml<Workflow>('.github/workflows/cache-tests.yml');
  const job = async (name: keyof Workflow['jobs']) => (await workflow()).jobs[name];
  const runs = ({ steps }: Job) => steps.flatMap(({ run }) => run ?? []);
  const upload = ({ steps }: Job) => steps.find(({ uses }) => uses?.startsWith('actions/upload-artifact@'));

  it('seed S7.82 runs when the sources or their tests change', async () => {
    const { push, pull_request: pullRequest } = (await workflow()).on;

    expect(push.paths).toEqual(expect.arrayContaining(['libs/**', 'test/**']));
    expect(pullRequest.paths).toEqual(push.paths);
  });

  it('seed S7.83 runs the unit tests on three versions of Node', async () => {
    expect((await job('cache-unit-tests')).strategy?.matrix).toEqual({ 'node-version': [20, 22, 24] });
  });

  it('seed S7.84 installs in every job', async () => {
    const { jobs } = await workflow();

    for (const each of Object.values(jobs)) expect(runs(each)).toContain('make install');
  });

  it('seed S7.85 runs the unit target', async () => {
    expect(runs(await job('cache-unit-tests'))).toContain('make test-cache-unit');
  });

  it('seed S7.86 uploads the coverage', async () => {
    expect(upload(await job('cache-unit-tests'))?.with).toMatchObject({
      path: 'test-results/',
      'if-no-files-found': 'error',
    });
  });

  it('seed S7.87 gives the integration job a healthy redis:7-alpine', async () => {
    const { services, strategy } = await job('cache-integration-tests');
    const redis = services?.['redis'];

    expect(strategy?.matrix['server']).toContain('redis:7-alpine');
    expect(redis).toMatchObject({ image: '${{ matrix.server }}', ports: ['6379:6379'] });
    for (const option of [
      '--health-cmd "redis-cli ping || valkey-cli ping"',
      '--health-interval',
      '--health-timeout',
      '--health-retries',
    ]) {
      expect(redis?.options).toContain(option);
    }
  });

  it('seed S7.88 runs the Redis and the integration targets against it', async () => {
    const integration = await job('cache-integration-tests');

    expect(integration.env).toEqual({ REDIS_URL: 'redis://localhost:6379' });
    expect(runs(integration)).toEqual(
      expect.arrayContaining(['make test-cache-redis', 'make test-cache-integration']),
    );
  });

  it('runs the browser tests', async () => {
    expect(runs(await job('cache-integration-tests'))).toContain('make test-cache-browser');
    expect(await recipe('test-cache-browser')).toBe('@node scripts/test.mjs browser');
  });

  it('runs the matrix of applications', async () => {
    const matrix = await job('cache-package-tests');

    expect(runs(matrix)).toContain('make test-package-all');
    expect(upload(matrix)?.with).toMatchObject({ path: 'docs/compatibility.md' });
  });

  it('seed S7.89 runs the performance target on pushes to main', async () => {
    const performance = await job('cache-performance-tests');

    expect(performance.if).toBe("github.event_name == 'push' && github.ref == 'refs/heads/main'");
    expect(runs(performance)).toContain('make test-cache-performance');
  });

  it('seed S7.90 sets the benchmark environment', async () => {
    expect((await job('cache-performance-tests')).env).toEqual({
      BENCHMARK_ENV: 'ci',
      BENCHMARK_ENABLE_REGRESSION_DETECTION: 'true',
    });
  });

  it('seed S1.13 S7.90 compares the benchmarks with a stored baseline, which only a passed run replaces', async () => {
    const { steps } = await job('cache-performance-tests');
    const at = (what: string) => steps.findIndex(({ uses, run }) => (uses ?? run)?.startsWith(what) === true);
    const [restore, bench, save] = [
      at('actions/cache/restore@'),
      at('make bench'),
      at('actions/cache/save@'),
    ];

    expect(restore).toBeGreaterThan(-1);
    expect(bench).toBeGreaterThan(restore);
    expect(save).toBeGreaterThan(bench);
    const baseline = steps[bench]?.env?.['BENCH_BASELINE'] ?? '';
    expect(steps[restore]?.with?.['path']).toContain(baseline);
    expect(steps[save]?.with).toMatchObject({
      path: steps[restore]?.with?.['path'],
      key: expect.any(String),
    });
    expect(steps[save]).not.toHaveProperty('if');
  });

  it('seed S7.91 uploads the performance report', async () => {
    expect(upload(await job('cache-performance-tests'))?.with).toMatchObject({ path: 'test-results/' });
  });

  it('has only read permission, and cancels runs that a newer push replaces', async () => {
    const { permissions, concurrency } = await workflow();

    expect(permissions).toEqual({ contents: 'read' });
    expect(concurrency.group).toContain('github.ref');
  });
});

describe('docker-compose.test.yml', () => {
  const compose = () => readYaml<Compose>('docker-compose.test.yml');

  it('seed S7.95 runs the tests of tests.Dockerfile once Redis is healthy', async () => {
    const { services } = await compose();

    expect(services['cache-tests']).toMatchObject({
      build: { dockerfile: 'tests.Dockerfile' },
      depends_on: { 'redis-test': { condition: 'service_healthy' } },
      environment: { REDIS_URL: 'redis://redis-test:6379' },
    });
  });

  it('seed S7.97 offers redis-test on the port 6380 of this host alone', async () => {
    const { services } = await compose();

    expect(services['redis-test']).toMatchObject({ image: 'redis:7-alpine', ports: ['127.0.0.1:6380:6379'] });
  });

  it('seed S7.98 keeps the append-only file of redis-test in a volume', async () => {
    const { services, volumes } = await compose();

    expect(services['redis-test']?.command).toBe('redis-server --appendonly yes');
    expect(services['redis-test']?.volumes).toEqual(['cache-test-data:/data']);
    expect(volumes).toHaveProperty('cache-test-data');
  });
});

describe('docker-compose.yml', () => {
  it('starts the demo once its Redis is healthy', async () => {
    const { services } = await readYaml<Compose>('docker-compose.yml');

    expect(services['demo']).toMatchObject({
      depends_on: { redis: { condition: 'service_healthy' } },
      environment: { REDIS_URL: 'redis://redis:6379' },
      read_only: true,
      cap_drop: ['ALL'],
    });
  });
});
