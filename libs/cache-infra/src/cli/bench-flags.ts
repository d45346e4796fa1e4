import { parseArgs } from 'node:util';

/** Formats of `--report` with their files. */
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
  readonly json: boolean;
  readonly help: boolean;
  readonly version: boolean;
}

export const benchUsage = `Usage: nestjs-cache-infra bench [options]

Measures caches: each operation, bulk sets, memory, compression, concurrency, stampedes; and compares.

  --preset <name>        development, testing, ci or production: iterations, time limits, thresholds
  --config <file>        a BenchmarkConfig as JSON or YAML; the environment (BENCHMARK_*) and the flags override it
  --iterations <n>       measured iterations (default: those of the preset)
  --cache <file>         measure the cache that this module exports (default: an in-memory cache)
  --against <file>       compare with the original cache, which this module exports
  --redis <url>          also measure caches on this Redis, with and without an L1
  --compare <file>       compare with a JSON report written by --save or --report json
  --save <file>          write the JSON report as the baseline of later runs, if the run passes
  --report <formats>     comma-separated files to write: json, html, markdown, text (default: only print)
  --out <directory>      the directory of --report (default: benchmark-results)
  --history <directory>  store every run there and plot the trends in the HTML report
  --self-check <n>       only compare two identical caches n times and count the regressions reported
  --ci                   print findings as GitHub Actions annotations and write the step summary
  --json                 print the JSON report, and nothing else, on stdout
  --help                 print this help

Exit code: 0 passed; 1 a threshold failed, a benchmark timed out or a regression is critical;
2 invalid arguments or configuration.`;

/** @throws Error that names the invalid flag */
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
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
      version: { type: 'boolean', short: 'v', default: false },
    },
  });
  const [unexpected] = positionals;
  if (unexpected !== undefined) throw new Error(`Unexpected argument '${unexpected}'`);
  const { preset, config, cache, against, redis, compare, save, out, history, ci } = values;
  const { json, help, version } = values;
  return {
    ...{ preset, config, cache, against, redis, compare, save, out, history, ci },
    ...{ json, help, version },
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
    if (format === undefined) throw new Error(`--report must be one of ${known.join(', ')}, got '${name}'`);
    return format;
  });
}
