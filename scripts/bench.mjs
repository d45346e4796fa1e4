// Runs the benchmark suite on caches in memory and on Redis: installs, builds, measures, reports to
// test-results/benchmarks/.
//   node scripts/bench.mjs                        preset of BENCHMARK_ENV, else ci; 200 comparisons of equal caches
//   node scripts/bench.mjs --preset production    with arguments for `nestjs-cache-infra bench`
// BENCH_BASELINE=<file>: compare with this report if it exists, and replace it if the run passes.
import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';

import { install } from './lib/install.mjs';
import { endRunning, endWithThisProcess, root, run } from './lib/process.mjs';
import { acquireRedis } from './lib/redis.mjs';

const timeoutMs = 10 * 60_000;
const results = join(root, 'test-results', 'benchmarks');
const own = process.argv.slice(2);
const baseline = process.env.BENCH_BASELINE;

endWithThisProcess();
process.exitCode = 1;
try {
  process.exitCode = await main();
} catch (error) {
  console.error(error.message);
} finally {
  endRunning();
}

async function main() {
  await install();
  const build = await run('npm', ['run', '--silent', 'build', '--workspace', 'nestjs-cache-infra'], {
    show: false,
  });
  if (build.status !== 0) throw new Error(`The build failed:\n${build.output}`);
  const redis = await acquireRedis();
  try {
    const measured = await bench([
      ...(process.env.BENCHMARK_ENV ? [] : ['--preset', 'ci']),
      ...['--redis', redis.url],
      ...['--report', 'json,html,markdown', '--out', relative(root, results)],
      ...['--history', relative(root, join(results, 'history'))],
      ...(process.env.GITHUB_ACTIONS === 'true' ? ['--ci'] : []),
      ...(baseline && existsSync(baseline) ? ['--compare', baseline] : []),
      ...(baseline ? ['--save', baseline] : []),
      ...own,
    ]);
    if (measured !== 0) return measured;
    return await bench(['--preset', 'ci', '--self-check', '200']);
  } finally {
    await redis.stop();
  }
}

async function bench(args) {
  const file = join(root, 'libs', 'cache-infra', 'dist', 'cli.mjs');
  const { status } = await run(process.execPath, [file, 'bench', ...args], { timeoutMs });
  return status;
}
