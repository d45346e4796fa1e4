import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, expect } from '@jest/globals';

import { root } from '../support/repository.js';
import type { Outcome } from './drill.js';

/** Where each file of the suite leaves its rows; `print-table.mjs` puts them together. */
const folder = join(root, 'test-results', 'faults');

/**
 * The longest that a call may take, milliseconds: the command time-out, and as much again for a call whose second
 * command was hit, on a machine that is busy with five processes.
 */
export const longestMs = 2 * 250;

/** Called at the top of a file: rows for the table at the end of the run. */
export function faultTable(file: string): (outcome: Outcome) => void {
  const rows: Outcome[] = [];
  afterAll(async () => {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, `${file}.json`), JSON.stringify(rows, null, 2));
  });
  return (outcome) => {
    rows.push(outcome);
  };
}

/** What every fault has to leave behind, whatever it was. */
export function expectSurvived(outcome: Outcome, limitMs = longestMs): void {
  const { lost, stale, ownStale, unhandled, errors, failed, leftOpen } = outcome;
  expect({ lost, stale, ownStale, unhandled, errors, failed, leftOpen }).toEqual({
    lost: [],
    stale: [],
    ownStale: [],
    unhandled: [],
    errors: [],
    failed: 0,
    leftOpen: Object.fromEntries(Object.keys(leftOpen).map((name) => [name, 0])),
  });
  expect(outcome.longest).toBeLessThan(limitMs);
}
