import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

import { parse } from 'yaml';

/** The root of the repository. */
export const root = join(import.meta.dirname, '..', '..');

export function readText(path: string): Promise<string> {
  return readFile(join(root, path), 'utf8');
}

export async function readJson<T>(path: string): Promise<T> {
  return JSON.parse(await readText(path)) as T;
}

export async function readYaml<T>(path: string): Promise<T> {
  return parse(await readText(path)) as T;
}

/** A module of the repository's own tooling. */
export async function importTool<T>(path: string): Promise<T> {
  return (await import(pathToFileURL(join(root, path)).href)) as T;
}

/** The standard output of a command; rejects with all its output when it fails. */
export async function execute(
  command: string,
  args: readonly string[],
  options: { cwd?: string; env?: Readonly<Record<string, string | undefined>> } = {},
): Promise<string> {
  // Jest's own flags are not for other processes.
  const env = { ...process.env, NODE_OPTIONS: '', ...options.env };
  const run = promisify(execFile);
  try {
    const { stdout } = await run(command, args, {
      cwd: options.cwd ?? root,
      env,
      maxBuffer: 64 * 1024 * 1024,
    });
    return stdout;
  } catch (cause) {
    const { message, stdout, stderr } = cause as Error & { stdout: string; stderr: string };
    throw new Error(`${message}\n${stdout}\n${stderr}`, { cause });
  }
}
