import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { root, runBin } from '../process.mjs';

const file = 'docs/compatibility.md';

/** Writes the table of all cells. */
export async function writeReport(results) {
  const groups = [...new Set(results.map(({ group }) => group))];
  const passed = results.filter(({ error }) => error === undefined).length;
  const text = [
    '# Compatibility',
    '',
    'Written by `make test-package-all`, all of it: the packed library in fresh applications.',
    `${passed} of ${results.length} passed. Node is ${process.versions.node} unless a name has another.`,
    '',
    'Each application is what `nest new` makes, with a cache and a namespace, `@Cacheable` with default keys,',
    '`@HttpCache`, a cache for AI answers and a health check by Terminus. It starts, sends itself every request twice,',
    'checks that each second answer came from a cache, and ends.',
    '',
    'Not possible: webpack for ES modules, because the CLI of NestJS 12 takes rspack instead; Jest in CommonJS mode',
    'with NestJS 12 before Node 24.9, because it cannot require ES modules.',
    '',
    ...groups.flatMap((group) => [
      `## ${group}`,
      '',
      '| cell | result | versions |',
      '| --- | --- | --- |',
      ...results.filter((result) => result.group === group).map((result) => rowOf(result)),
      '',
    ]),
  ];
  await writeFile(join(root, file), text.join('\n'));
  await runBin('prettier/bin/prettier.cjs', ['--write', '--log-level=warn', file], {});
  console.log(`Written: ${file}`);
}

function rowOf({ title, seconds, versions, error }) {
  const result = error === undefined ? `passed in ${seconds} s` : `**failed**: ${firstLineOf(error)}`;
  return `| ${title} | ${result} | ${versions ?? ''} |`;
}

/** What went wrong, in the words of the program that failed. */
function firstLineOf(error) {
  const lines = error
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
  const line = lines.find((text) => /error/i.test(text)) ?? lines[0];
  return line.replaceAll('|', '\\|').slice(0, 200);
}
