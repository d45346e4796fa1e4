import { parseArgs, type ParseArgsConfig } from 'node:util';

import { nearestOf } from '../base/checks.js';
import { InfrastructureError } from '../base/errors.js';
import type { SeveralCaches } from '../config/several-caches.js';
import {
  applicationConfig,
  applicationFlags,
  applicationHelp,
  servedBy,
  type ApplicationWanted,
} from './application.js';
import { benchUsage, parseBenchFlags } from './bench-flags.js';
import { check } from './check.js';
import { configured, informed, linesOf, misused, readEnvironment, reportingErrors } from './command.js';
import { dashboardUsage } from './dashboard/usage.js';
import { runDashboard, runTop } from './fleet-commands.js';
import { inspectEntry, inspectUsage } from './inspect.js';
import { keysUsage, listKeys } from './keys.js';
import { loadConfig } from './load-config.js';
import { safe } from './look/text.js';
import type { Output } from './output.js';
import { topUsage } from './top/usage.js';

const checkUsage = `Usage: nestjs-cache-infra check [options]

Prints every setting in effect with its source, secrets hidden. Runs each kind of cache call on Redis, under a random
key of the prefix, which is deleted again. Reports the commands that Redis refuses and the risks of its settings.

  --config <file>      a JavaScript module whose default export is the options of CacheInfraModule.forRoot(), a function
                       that returns them, or registerAs() of @nestjs/config; or a JSON file (default: the environment
                       variables alone)
  --env <file>         environment variables, read before the configuration
${applicationHelp}
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
  ...applicationFlags,
  namespace: { type: 'string', multiple: true, default: [] },
  cache: { type: 'string' },
} satisfies ParseArgsConfig['options'];

/** No command, or one that does not exist. */
function runNone(args: readonly string[], output: Output): Promise<number> {
  return reportingErrors(usage, output, async () => {
    const [name] = args;
    if (name !== undefined && !name.startsWith('-')) return misused(unknownCommand(name), output);
    const { values } = parseArgs({ args: [...args], allowPositionals: true, options: configured });
    return informed(values, usage, output) ?? misused(usage, output);
  });
}

function unknownCommand(name: string): string {
  const known = Object.keys(commands);
  // Swapped letters are two edits, which is too far for a short name.
  const near = known.find((each) => sortedLetters(each) === sortedLetters(name)) ?? nearestOf(name, known);
  const hint = near === undefined ? '' : `, did you mean '${near}'?`;
  return `unknown command '${safe(name)}'${hint}\nCommands: ${known.join(', ')}; --help explains them`;
}

function sortedLetters(word: string): string {
  return [...word.toLowerCase()].sort().join('');
}

function runCheck(args: readonly string[], output: Output): Promise<number> {
  return reportingErrors(checkUsage, output, async () => {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { ...configured, ...applicationFlags },
    });
    const { redis, prefix, json } = values;
    const told = informed(values, checkUsage, output);
    if (told !== undefined) return told;
    if (positionals.length > 0) return misused(checkUsage, output);
    readEnvironment(values.env);
    const config = await checkedConfig(await loadConfig(values.config), { redis, prefix }, output);
    return check(config, { json, redis, prefix }, output);
  });
}

/** The configuration under check. A Redis that does not answer is a result of the check. */
async function checkedConfig(
  config: SeveralCaches,
  wanted: ApplicationWanted,
  output: Output,
): Promise<SeveralCaches> {
  try {
    return await applicationConfig(config, wanted, output);
  } catch (error) {
    if (error instanceof InfrastructureError) return servedBy(config, wanted.redis);
    throw error;
  }
}

function runInspect(args: readonly string[], output: Output): Promise<number> {
  return reportingErrors(inspectUsage, output, async () => {
    const options = {
      ...looking,
      key: { type: 'string' },
      value: { type: 'boolean', default: false },
    } satisfies ParseArgsConfig['options'];
    const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options });
    const { namespace: namespaces, cache, value: showsValue, json, redis, prefix } = values;
    const told = informed(values, inspectUsage, output);
    if (told !== undefined) return told;
    const [key, ...others] = values.key === undefined ? positionals : [values.key, ...positionals];
    if (key === undefined || key === '')
      return misused(`The key is missing: inspect <key>\n\n${inspectUsage}`, output);
    if (others.length > 0) return misused(`inspect takes one key\n\n${inspectUsage}`, output);
    readEnvironment(values.env);
    const config = await applicationConfig(await loadConfig(values.config), { redis, prefix }, output);
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
    const { namespace: namespaces, cache, json, redis, prefix } = values;
    const told = informed(values, keysUsage, output);
    if (told !== undefined) return told;
    const limit = Number(values.limit);
    if (positionals.length > 1 || !Number.isSafeInteger(limit) || limit < 1)
      return misused(keysUsage, output);
    readEnvironment(values.env);
    const config = await applicationConfig(await loadConfig(values.config), { redis, prefix }, output);
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
