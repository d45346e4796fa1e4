import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { ValidationError } from '../base/errors.js';
import { readReport } from './baseline.js';
import type { BenchmarkReport } from './benchmark-report.js';
import { jsonReport } from './reporters/json.js';

/** Runs that a trend shows. */
const longestHistory = 50;

/** The reports that `storeReport` has left in the directory, the oldest first; what is none there is left out. None without the directory. */
export async function readHistory(directory: string): Promise<BenchmarkReport[]> {
  const names = await readdir(directory).catch(() => []);
  const reports: BenchmarkReport[] = [];
  const recent = names.filter((name) => name.endsWith('.json')).sort();
  for (const name of recent.slice(-longestHistory)) {
    try {
      reports.push(await readReport(join(directory, name)));
    } catch (error) {
      // Of another release, or cut off: the trend does without.
      if (!(error instanceof ValidationError)) throw error;
    }
  }
  return reports;
}

/** Keeps the report in the directory, under the time of its start. Returns the file. */
export async function storeReport(directory: string, report: BenchmarkReport): Promise<string> {
  await mkdir(directory, { recursive: true });
  const file = join(directory, `${report.startedAt.replaceAll(/[^\dTZ]/g, '-')}.json`);
  await writeFile(file, jsonReport(report));
  return file;
}
