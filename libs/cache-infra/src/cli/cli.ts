import { parseArgs } from 'node:util';

import { ValidationError } from '../errors.js';
import { check } from './check.js';
import { loadConfig } from './load-config.js';

/** Where lines go. */
export interface Output {
  out(line: string): void;
  error(line: string): void;
}

const usage = `Usage: nestjs-cache-infra check [--config <file.js>] [--env <file>]

Prints what the configuration comes to, with secrets hidden; pings Redis; says what is risky about its settings.

  --config <file.js>   a module whose default export is the options of CacheInfraModule.forRoot(), a function that makes
                       them, or registerAs() of @nestjs/config; without it the environment alone says
  --env <file>         environment variables, read before the configuration

Exit code: 0 when everything is right and Redis answers, else 1.`;

/** Runs the command that `args` name. Resolves to the exit code, never rejects. */
export async function runCli(args: readonly string[], output: Output): Promise<number> {
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
      output.out(usage);
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

function linesOf(error: unknown): readonly string[] {
  if (error instanceof ValidationError) {
    return ['The configuration is wrong:', ...error.problems.map(({ message }) => `  ${message}`)];
  }
  return [error instanceof Error ? error.message : 'It failed without an error'];
}
