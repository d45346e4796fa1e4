import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { parseArgs, type ParseArgsConfig } from 'node:util';

import { ValidationError } from '../base/errors.js';
import { withoutCredentials } from '../base/redact.js';
import { benchUsage, parseBenchFlags } from './bench-flags.js';
import { check } from './check.js';
import { inspectEntry, inspectUsage } from './inspect.js';
import { keysUsage, listKeys } from './keys.js';
import { loadConfig } from './load-config.js';
import type { Output } from './output.js';

const checkUsage = `Usage: nestjs-cache-infra check [--config <file>] [--env <file>]

Prints every setting in effect with its source, secrets hidden. Runs each kind of cache call on Redis, under a random
key of the prefix, which is deleted again. Reports the commands that Redis refuses and the risks of its settings.

  --config <file>      a JavaScript module whose default export is the options of CacheInfraModule.forRoot(), a function
                       that returns them, or registerAs() of @nestjs/config; or a JSON file (default: the environment
                       variables alone)
  --env <file>         environment variables, read before the configuration

  --version            the version of nestjs-cache-infra

Exit code: 0 when the configuration is valid and Redis accepts every call, else 1.`;

const usage = [checkUsage, inspectUsage, keysUsage, benchUsage].join('\n\n');

/** Runs the command named by `args`. Resolves to the exit code, never rejects. */
export async function runCli(args: readonly string[], output: Output): Promise<number> {
  if (args[0] === 'bench') return runBench(args.slice(1), output);
  if (args[0] === 'inspect') return runInspect(args.slice(1), output);
  if (args[0] === 'keys') return runKeys(args.slice(1), output);
  return runCheck(args, output);
}

function runCheck(args: readonly string[], output: Output): Promise<number> {
  return reportingErrors(usage, output, async () => {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        config: { type: 'string' },
        env: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
        version: { type: 'boolean', short: 'v' },
      },
    });
    if (values.help === true) return shown(positionals[0] === 'check' ? checkUsage : usage, output);
    if (values.version === true) return shown(await version(), output);
    if (positionals.length !== 1 || positionals[0] !== 'check') return misused(usage, output);
    readEnvironment(values.env);
    return check(await loadConfig(values.config), output);
  });
}

async function version(): Promise<string> {
  const manifest = await readFile(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}

/** The options of the commands that look at a cache. */
const lookOptions = {
  namespace: { type: 'string', multiple: true, default: [] },
  cache: { type: 'string' },
  config: { type: 'string' },
  env: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} satisfies ParseArgsConfig['options'];

function runInspect(args: readonly string[], output: Output): Promise<number> {
  return reportingErrors(inspectUsage, output, async () => {
    const options = {
      ...lookOptions,
      key: { type: 'string' },
      value: { type: 'boolean', default: false },
    } satisfies ParseArgsConfig['options'];
    const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options });
    const { namespace: namespaces, cache, value: showsValue } = values;
    if (values.help === true) return shown(inspectUsage, output);
    const [key, ...others] = values.key === undefined ? positionals : [values.key, ...positionals];
    if (key === undefined || key === '' || others.length > 0) return misused(inspectUsage, output);
    readEnvironment(values.env);
    const config = await loadConfig(values.config);
    return inspectEntry(config, { key, namespaces, cache, showsValue }, output);
  });
}

function runKeys(args: readonly string[], output: Output): Promise<number> {
  return reportingErrors(keysUsage, output, async () => {
    const options = {
      ...lookOptions,
      limit: { type: 'string', default: '1000' },
    } satisfies ParseArgsConfig['options'];
    const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options });
    const { namespace: namespaces, cache } = values;
    if (values.help === true) return shown(keysUsage, output);
    const limit = Number(values.limit);
    if (positionals.length > 1 || !Number.isSafeInteger(limit) || limit < 1)
      return misused(keysUsage, output);
    readEnvironment(values.env);
    const config = await loadConfig(values.config);
    return listKeys(config, { pattern: positionals[0], namespaces, cache, limit }, output);
  });
}

/** Runs a command. An error is printed, and ends it with 1; one in its arguments is followed by the usage. */
async function reportingErrors(
  usage: string,
  output: Output,
  command: () => Promise<number>,
): Promise<number> {
  try {
    return await command();
  } catch (error) {
    for (const line of linesOf(error)) output.error(line);
    if (isUsageError(error)) output.error(`\n${usage}`);
    return 1;
  }
}

function shown(text: string, output: Output): number {
  output.out(text);
  return 0;
}

function misused(text: string, output: Output): number {
  output.error(text);
  return 1;
}

/** @throws Error when the file does not exist */
function readEnvironment(file: string | undefined): void {
  if (file === undefined) return;
  if (!existsSync(file)) throw new Error(`--env ${file}: no such file`);
  process.loadEnvFile(file);
}

async function runBench(args: readonly string[], output: Output): Promise<number> {
  try {
    const flags = parseBenchFlags(args);
    if (flags.help) {
      output.out(benchUsage);
      return 0;
    }
    // Import on demand: `check` does not need the benchmarks.
    const { bench } = await import('./bench.js');
    return await bench(flags, output);
  } catch (error) {
    for (const line of linesOf(error)) output.error(line);
    output.error('Run nestjs-cache-infra bench --help for the options.');
    return 2;
  }
}

function linesOf(error: unknown): readonly string[] {
  if (error instanceof ValidationError) {
    return ['Invalid configuration:', ...error.problems.map(({ message }) => `  ${message}`)];
  }
  if (!(error instanceof Error)) return ['Failed: the thrown value is not an Error'];
  // An error of the user's configuration module may contain server URLs.
  return [withoutCredentials(error.message)];
}

function isUsageError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
}
