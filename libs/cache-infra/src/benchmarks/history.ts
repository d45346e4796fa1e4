import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { ValidationError } from '../base/errors.js';
import { readReport } from './baseline.js';
import type { BenchmarkReport } from './benchmark-report.js';
import { jsonReport } from './reporters/json.js';

/** Number of runs in a trend. */
const longestHistory = 50;

/**
 * The reports of `storeReport` in a directory, oldest first; other files are ignored. Empty if there is no directory.
 */
export async function readHistory(directory: string): Promise<BenchmarkReport[]> {
  const names = await readdir(directory).catch(() => []);
  const reports: BenchmarkReport[] = [];
  const recent = names.filter((name) => name.endsWith('.json')).sort();
  for (const name of recent.slice(-longestHistory)) {
    try {
      reports.push(await readReport(join(directory, name)));
    } catch (error) {
      // Skip reports that are truncated or of another release.
      if (!(error instanceof ValidationError)) throw error;
    }
  }
  return reports;
}

/** Stores a report in the directory, named by its start time. Returns the file. */
export async function storeReport(directory: string, report: BenchmarkReport): Promise<string> {
  await mkdir(directory, { recursive: true });
  const file = join(directory, `${report.startedAt.replaceAll(/[^\dTZ]/g, '-')}.json`);
  await writeFile(file, jsonReport(report));
  return file;
}
