import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from '@jest/globals';

import { readText, root } from '../support/repository.js';

const source = 'libs/cache-infra/src/';

async function testFiles(): Promise<Map<string, string>> {
  const folders = ['libs', 'apps', 'test'];
  const names = await Promise.all(
    folders.map(async (folder) =>
      (await readdir(join(root, folder), { recursive: true })).map((name) => join(folder, name)),
    ),
  );
  const tests = names
    .flat()
    .filter((name) => /\.(spec|vitest)\.ts$|^test\/types\/.*\.ts$/.test(name))
    .filter((name) => !/node_modules|\/dist\//.test(name));
  const texts = await Promise.all(tests.map(async (name) => [name, await readText(name)] as const));
  return new Map(texts.filter(([name]) => !name.endsWith('numbers-in-titles.spec.ts')));
}

/** `4.39` and `4.40` of `S4.39-40`. */
function checklistNumbers(text: string): string[] {
  return [...text.matchAll(/\bS(\d+)\.(\d+)(?:-(\d+))?\b/g)].flatMap(([, part = '', first, last = first]) =>
    Array.from(
      { length: Number(last) - Number(first) + 1 },
      (_, i) => `${part}.${String(Number(first) + i)}`,
    ),
  );
}

/** Of titles that begin with numbers of bugs, and of such comments in the tests of types. */
function bugNumbers(text: string): string[] {
  return [...text.matchAll(/(?:['"`]|\/\/ )((?:[TA]\d+, )*[TA]\d+):/g)].flatMap(([, numbers = '']) =>
    numbers.split(', '),
  );
}

const path = (shown: string): string => (shown.startsWith('test/') ? shown : source + shown);
const rowsOf = async (page: string, first: string): Promise<string[]> =>
  (await readText(page)).split('\n').filter((line) => new RegExp(`^\\| ${first}\\d`).test(line));

const texts = await testFiles();

/** Where each number occurs. */
function occurrences(numbersIn: (text: string) => string[]): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const [file, text] of texts)
    for (const number of numbersIn(text)) found.set(number, (found.get(number) ?? new Set()).add(file));
  return found;
}

describe('test/seed-checklist.md', () => {
  it('has each number of a title, with the files whose titles have it, and no others', async () => {
    const stated: string[] = [];
    const actual: string[] = [];
    const inTitles = occurrences(checklistNumbers);
    for (const row of await rowsOf('test/seed-checklist.md', 'S')) {
      const numbers = checklistNumbers(row.split('|')[1] ?? '');
      const files = [...row.matchAll(/`([^`]+\.ts)`/g)].map(([, file = '']) => path(file));
      const holding = new Set(numbers.flatMap((number) => [...(inTitles.get(number) ?? [])]));
      for (const number of numbers) inTitles.delete(number);
      stated.push(`${numbers.join(', ')}: ${files.toSorted().join(', ')}`);
      actual.push(`${numbers.join(', ')}: ${[...holding].toSorted().join(', ')}`);
    }
    expect(stated).toEqual(actual);
    expect(stated.filter((row) => row.endsWith(': '))).toEqual([]);
    expect([...inTitles.keys()]).toEqual([]);
  });
});

describe('test/known-bugs.md', () => {
  it('has each number of a title once, with a title that there is', async () => {
    const rows = await rowsOf('test/known-bugs.md', '[TA]');
    const missing = rows.filter((row) => {
      const [, number = '', file = '', title = ''] =
        /^\| ([TA]\d+) .* `([^`]+)` › "(.*)" +\|$/.exec(row) ?? [];
      const text = (texts.get(path(file)) ?? '').replaceAll("\\'", "'");
      return !text.includes(title.replaceAll('\\|', '|')) || !bugNumbers(`'${title}`).includes(number);
    });
    expect(missing).toEqual([]);
    const numbers = rows.map((row) => row.split(' ')[1]);
    expect(numbers.toSorted()).toEqual([...occurrences(bugNumbers).keys()].toSorted());
  });
});
