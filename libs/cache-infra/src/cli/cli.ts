import { parseArgs } from 'node:util';

import { ValidationError } from '../errors.js';
import { benchUsage, parseBenchFlags } from './bench-flags.js';
import { check } from './check.js';
import { loadConfig } from './load-config.js';

/** Where lines go. */
export interface Output {
  out(line: string): void;
  error(line: string): void;
}

const checkUsage = `Usage: nestjs-cache-infra check [--config <file.js>] [--env <file>]

Prints what the configuration comes to, with secrets hidden; pings Redis; says what is risky about its settings.

  --config <file.js>   a module whose default export is the options of CacheInfraModule.forRoot(), a function that makes
                       them, or registerAs() of @nestjs/config; without it the environment alone says
  --env <file>         environment variables, read before the configuration

Exit code: 0 when everything is right and Redis answers, else 1.`;

const usage = `${checkUsage}\n\n${benchUsage}`;

/** Runs the command that `args` name. Resolves to the exit code, never rejects. */
export async function runCli(args: readonly string[], output: Output): Promise<number> {
  return args[0] === 'bench' ? runBench(args.slice(1), output) : runCheck(args, output);
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
      },
    });
    if (values.help === true) {
      output.out(positionals[0] === 'check' ? checkUsage : usage);
      return 0;
    }
    if (positionals.length !== 1 || positionals[0] !== 'check') {
      output.error(usage);
      return 1;
    }
    if (values.env !== undefined) process.loadEnvFile(values.env);
    return await check(await loadConfig(values.config), output);
  } catch (error) {
    for (const line of linesOf(error)) output.error(line);
    return 1;
  }
}

async function runBench(args: readonly string[], output: Output): Promise<number> {
  try {
    const flags = parseBenchFlags(args);
    if (flags.help) {
      output.out(benchUsage);
      return 0;
    }
    // `check` needs none of it.
    const { bench } = await import('./bench.js');
    return await bench(flags, output);
  } catch (error) {
    for (const line of linesOf(error)) output.error(line);
    output.error('nestjs-cache-infra bench --help says what there is.');
    return 2;
  }
}

function linesOf(error: unknown): readonly string[] {
  if (error instanceof ValidationError) {
    return ['The configuration is wrong:', ...error.problems.map(({ message }) => `  ${message}`)];
  }
  return [error instanceof Error ? error.message : 'It failed without an error'];
}
