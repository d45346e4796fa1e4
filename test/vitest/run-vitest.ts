import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { execute, root } from '../support/repository.js';

export interface VitestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

/**
 * Runs one file of this folder under Vitest, in a process of its own.
 *
 * @throws Error with all that Vitest printed when a test failed
 */
export async function runVitest(
  file: string,
  env: Readonly<Record<string, string>> = {},
): Promise<VitestReport> {
  const directory = await mkdtemp(join(tmpdir(), 'nestjs-cache-infra-vitest-'));
  try {
    const report = join(directory, 'report.json');
    await execute(
      process.execPath,
      [
        join(root, 'node_modules/vitest/vitest.mjs'),
        ...['run', file, '--config', join(import.meta.dirname, 'vitest.config.mjs')],
        ...['--reporter=default', '--reporter=json', `--outputFile.json=${report}`],
      ],
      // Vitest looks for the variables that a runner sets for its tests.
      { env: { ...env, JEST_WORKER_ID: undefined, NODE_ENV: 'test' } },
    );
    return JSON.parse(await readFile(report, 'utf8')) as VitestReport;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
