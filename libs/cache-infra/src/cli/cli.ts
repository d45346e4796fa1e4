import { parseArgs, type ParseArgsConfig } from 'node:util';

import { benchUsage, parseBenchFlags } from './bench-flags.js';
import { check } from './check.js';
import { configured, informed, linesOf, misused, readEnvironment, reportingErrors } from './command.js';
import { dashboardUsage } from './dashboard/usage.js';
import { runDashboard, runTop } from './fleet-commands.js';
import { inspectEntry, inspectUsage } from './inspect.js';
import { keysUsage, listKeys } from './keys.js';
import { loadConfig } from './load-config.js';
import type { Output } from './output.js';
import { topUsage } from './top/usage.js';

const checkUsage = `Usage: nestjs-cache-infra check [--config <file>] [--env <file>] [--json]

Prints every setting in effect with its source, secrets hidden. Runs each kind of cache call on Redis, under a random
key of the prefix, which is deleted again. Reports the commands that Redis refuses and the risks of its settings.

  --config <file>      a JavaScript module whose default export is the options of CacheInfraModule.forRoot(), a function
                       that returns them, or registerAs() of @nestjs/config; or a JSON file (default: the environment
                       variables alone)
  --env <file>         environment variables, read before the configuration
  --json               prints one JSON document instead

  --version            the version of nestjs-cache-infra, with every command
  NO_COLOR, FORCE_COLOR  turn colours off, and on where there is no terminal

Exit code: 0 when the configuration is valid and Redis accepts every call, else 1.`;

const usage = [checkUsage, inspectUsage, keysUsage, topUsage, dashboardUsage, benchUsage].join('\n\n');

type Command = (args: readonly string[], output: Output) => Promise<number>;

const commands: Readonly<Record<string, Command>> = {
  check: runCheck,
  inspect: runInspect,
  keys: runKeys,
  top: runTop,
  dashboard: runDashboard,
  bench: runBench,
};

/** Runs the command named by `args`. Resolves to the exit code, never rejects. */
export async function runCli(args: readonly string[], output: Output): Promise<number> {
  const [name = '', ...rest] = args;
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  return command === undefined ? runNone(args, output) : command(rest, output);
}

/** Options of the commands that look at the entries of a cache. */
const looking = {
  ...configured,
  namespace: { type: 'string', multiple: true, default: [] },
  cache: { type: 'string' },
} satisfies ParseArgsConfig['options'];

/** No command, or one that does not exist. */
function runNone(args: readonly string[], output: Output): Promise<number> {
  return reportingErrors(usage, output, async () => {
    const { values } = parseArgs({ args: [...args], allowPositionals: true, options: configured });
    return informed(values, usage, output) ?? misused(usage, output);
  });
}

function runCheck(args: readonly string[], output: Output): Promise<number> {
  return reportingErrors(checkUsage, output, async () => {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: configured,
    });
    const told = informed(values, checkUsage, output);
    if (told !== undefined) return told;
    if (positionals.length > 0) return misused(checkUsage, output);
    readEnvironment(values.env);
    return check(await loadConfig(values.config), { json: values.json }, output);
  });
}

function runInspect(args: readonly string[], output: Output): Promise<number> {
  return reportingErrors(inspectUsage, output, async () => {
    const options = {
      ...looking,
      key: { type: 'string' },
      value: { type: 'boolean', default: false },
    } satisfies ParseArgsConfig['options'];
    const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options });
    const { namespace: namespaces, cache, value: showsValue, json } = values;
    const told = informed(values, inspectUsage, output);
    if (told !== undefined) return told;
    const [key, ...others] = values.key === undefined ? positionals : [values.key, ...positionals];
    if (key === undefined || key === '' || others.length > 0) return misused(inspectUsage, output);
    readEnvironment(values.env);
    const config = await loadConfig(values.config);
    return inspectEntry(config, { key, namespaces, cache, showsValue, json }, output);
  });
}

function runKeys(args: readonly string[], output: Output): Promise<number> {
  return reportingErrors(keysUsage, output, async () => {
    const options = {
      ...looking,
      limit: { type: 'string', default: '1000' },
    } satisfies ParseArgsConfig['options'];
    const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options });
    const { namespace: namespaces, cache, json } = values;
    const told = informed(values, keysUsage, output);
    if (told !== undefined) return told;
    const limit = Number(values.limit);
    if (positionals.length > 1 || !Number.isSafeInteger(limit) || limit < 1)
      return misused(keysUsage, output);
    readEnvironment(values.env);
    const config = await loadConfig(values.config);
    return listKeys(config, { pattern: positionals[0], namespaces, cache, limit, json }, output);
  });
}

async function runBench(args: readonly string[], output: Output): Promise<number> {
  try {
    const flags = parseBenchFlags(args);
    const told = informed(flags, benchUsage, output);
    if (told !== undefined) return told;
    // Import on demand: `check` does not need the benchmarks.
    const { bench } = await import('./bench.js');
    return await bench(flags, output);
  } catch (error) {
    for (const line of linesOf(error)) output.error(line);
    output.error('Run nestjs-cache-infra bench --help for the options.');
    return 2;
  }
}
