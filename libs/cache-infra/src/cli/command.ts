import { existsSync } from 'node:fs';
import type { ParseArgsConfig } from 'node:util';

import { ValidationError } from '../base/errors.js';
import { withoutCredentials } from '../base/redact.js';
import { release } from '../base/release.js';
import type { Output } from './output.js';

/** Options of every command. */
export const common = {
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'v' },
} satisfies ParseArgsConfig['options'];

/** Options of the commands with a configuration. */
export const configured = {
  ...common,
  config: { type: 'string' },
  env: { type: 'string' },
  json: { type: 'boolean', default: false },
} satisfies ParseArgsConfig['options'];

/** Prints the help or the version if they are asked for: the exit code then. */
export function informed(
  { help, version }: { readonly help?: boolean | undefined; readonly version?: boolean | undefined },
  usage: string,
  output: Output,
): number | undefined {
  if (help !== true && version !== true) return undefined;
  output.out(help === true ? usage : release);
  return 0;
}

/** Runs a command. An error is printed, and ends it with 1; one in its arguments is followed by the usage. */
export async function reportingErrors(
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

export function misused(text: string, output: Output): number {
  output.error(text);
  return 1;
}

/** @throws Error when the file does not exist */
export function readEnvironment(file: string | undefined): void {
  if (file === undefined) return;
  if (!existsSync(file)) throw new Error(`--env ${file}: no such file`);
  process.loadEnvFile(file);
}

/** The lines of an error for a user, without credentials. */
export function linesOf(error: unknown): readonly string[] {
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
