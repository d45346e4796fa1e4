import { spawn } from 'node:child_process';
import { join } from 'node:path';

import { readJson, root } from './repository.js';

export interface Outcome {
  readonly code: number | null;
  readonly out: string;
  readonly error: string;
}

/** The command as npm installs it, once the library is built; of the environment it has `env` and `PATH` alone. */
export async function runCli(
  args: readonly string[],
  directory: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  const { bin } = await readJson<{ bin: Record<string, string> }>('libs/cache-infra/package.json');
  const file = join(root, 'libs/cache-infra', bin['nestjs-cache-infra'] ?? '');
  const child = spawn(process.execPath, [file, ...args], {
    cwd: directory,
    env: { PATH: process.env['PATH'], ...env },
    timeout: 30_000,
  });
  let out = '';
  let error = '';
  child.stdout.on('data', (part: Buffer) => (out += part.toString()));
  child.stderr.on('data', (part: Buffer) => (error += part.toString()));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, out, error };
}
