import { parseArgs } from 'node:util';

/** Formats of `--report`, with the file that each one writes. */
export const reportFiles = {
  json: 'benchmark.json',
  html: 'benchmark.html',
  markdown: 'benchmark.md',
  text: 'benchmark.txt',
} as const;
export type ReportFormat = keyof typeof reportFiles;

export interface BenchFlags {
  readonly preset: string | undefined;
  readonly config: string | undefined;
  readonly iterations: number | undefined;
  readonly cache: string | undefined;
  readonly against: string | undefined;
  readonly redis: string | undefined;
  readonly compare: string | undefined;
  readonly save: string | undefined;
  readonly reports: readonly ReportFormat[];
  readonly out: string;
  readonly history: string | undefined;
  readonly selfCheck: number | undefined;
  readonly ci: boolean;
  readonly help: boolean;
}

export const benchUsage = `Usage: nestjs-cache-infra bench [options]

Measures caches: each operation, bulk sets, memory, compression, concurrency, stampedes; and compares.

  --preset <name>        development, testing, ci or production: iterations, time limits, thresholds
  --config <file>        a BenchmarkConfig as JSON or YAML; the environment (BENCHMARK_*) and the flags here win over it
  --iterations <n>       instead of those of the preset
  --cache <file>         measure the cache that this module exports (default: a cache in memory)
  --against <file>       compare the cache with the one that this module exports, which is the original
  --redis <url>          measure a cache in this Redis as well, with and without an L1
  --compare <file>       compare with a report that --save or --report json has written
  --save <file>          write the JSON report there, as the baseline of later runs; not when the run is not passed
  --report <formats>     json, html, markdown, text, with commas between: files to write (default: none, only print)
  --out <directory>      where --report writes (default: benchmark-results)
  --history <directory>  keep every run there, and show the trends over them in the HTML report
  --self-check <n>       instead of all this: compare a cache with its like n times, and count how often noise reads as a regression
  --ci                   print findings as annotations of GitHub Actions, and write its step summary
  --help                 print this

Exit code: 0 passed, 1 a threshold failed, a benchmark timed out, or a regression is critical, 2 it could not run.`;

/** @throws Error that says which flag is wrong */
export function parseBenchFlags(args: readonly string[]): BenchFlags {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      preset: { type: 'string' },
      config: { type: 'string' },
      iterations: { type: 'string' },
      cache: { type: 'string' },
      against: { type: 'string' },
      redis: { type: 'string' },
      compare: { type: 'string' },
      save: { type: 'string' },
      report: { type: 'string', multiple: true },
      out: { type: 'string', default: 'benchmark-results' },
      history: { type: 'string' },
      'self-check': { type: 'string' },
      ci: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const [unexpected] = positionals;
  if (unexpected !== undefined) throw new Error(`Unexpected argument '${unexpected}'`);
  const { preset, config, cache, against, redis, compare, save, out, history, ci, help } = values;
  return {
    ...{ preset, config, cache, against, redis, compare, save, out, history, ci, help },
    iterations: count('--iterations', values.iterations),
    selfCheck: count('--self-check', values['self-check']),
    reports: formats(values.report ?? []),
  };
}

function count(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^[1-9]\d*$/.test(text)) throw new Error(`${flag} must be a positive integer, got '${text}'`);
  return Number(text);
}

function formats(given: readonly string[]): ReportFormat[] {
  const names = given.flatMap((list) => list.split(',').map((name) => name.trim()));
  const known = Object.keys(reportFiles) as ReportFormat[];
  return names.map((name) => {
    const format = known.find((each) => each === name || (each === 'markdown' && name === 'md'));
    if (format === undefined) throw new Error(`--report knows ${known.join(', ')}, not '${name}'`);
    return format;
  });
}
