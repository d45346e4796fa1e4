import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';

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

async function runCheck(args: readonly string[], output: Output): Promise<number> {
  try {
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
    if (values.help === true) {
      output.out(positionals[0] === 'check' ? checkUsage : usage);
      return 0;
    }
    if (values.version === true) {
      output.out(await version());
      return 0;
    }
    if (positionals.length !== 1 || positionals[0] !== 'check') {
      output.error(usage);
      return 1;
    }
    readEnvironment(values.env);
    return await check(await loadConfig(values.config), output);
  } catch (error) {
    for (const line of linesOf(error)) output.error(line);
    if (isUsageError(error)) output.error(`\n${usage}`);
    return 1;
  }
}

async function version(): Promise<string> {
  const manifest = await readFile(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}

async function runInspect(args: readonly string[], output: Output): Promise<number> {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        key: { type: 'string' },
        namespace: { type: 'string', multiple: true, default: [] },
        cache: { type: 'string' },
        value: { type: 'boolean', default: false },
        config: { type: 'string' },
        env: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    const { key, namespace: namespaces, cache, value: showsValue } = values;
    if (values.help === true) {
      output.out(inspectUsage);
      return 0;
    }
    if (key === undefined || key === '') {
      output.error(inspectUsage);
      return 1;
    }
    readEnvironment(values.env);
    return await inspectEntry(
      await loadConfig(values.config),
      { key, namespaces, cache, showsValue },
      output,
    );
  } catch (error) {
    for (const line of linesOf(error)) output.error(line);
    if (isUsageError(error)) output.error(`\n${inspectUsage}`);
    return 1;
  }
}

async function runKeys(args: readonly string[], output: Output): Promise<number> {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        namespace: { type: 'string', multiple: true, default: [] },
        cache: { type: 'string' },
        limit: { type: 'string', default: '1000' },
        config: { type: 'string' },
        env: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    const { namespace: namespaces, cache } = values;
    if (values.help === true) {
      output.out(keysUsage);
      return 0;
    }
    const limit = Number(values.limit);
    if (positionals.length > 1 || !Number.isSafeInteger(limit) || limit < 1) {
      output.error(keysUsage);
      return 1;
    }
    readEnvironment(values.env);
    const config = await loadConfig(values.config);
    return await listKeys(config, { pattern: positionals[0], namespaces, cache, limit }, output);
  } catch (error) {
    for (const line of linesOf(error)) output.error(line);
    if (isUsageError(error)) output.error(`\n${keysUsage}`);
    return 1;
  }
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
