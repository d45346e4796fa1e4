// docs/proof.md: what the library promises, each with the tests that prove it. A title names its promise, as in
// `guarantee 3: …` or `… (guarantee 3)`; the title of a `describe` names it for every test inside.
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { root } from './process.mjs';
import { titlesOf } from './test-titles.mjs';

/** Where the promises and their tests stand. */
export const page = 'docs/proof.md';

/**
 * The promises. Their numbers are those of the titles, and are never used for another promise.
 *
 * @type {readonly { number: number, promise: string, statedIn: string }[]} `statedIn` is a heading of `docs`
 */
export const promises = [
  [1, 'An invalidation is never lost to a race', 'resilience.md#an-invalidation-is-never-lost-to-a-race'],
  [2, 'A herd loads once', 'resilience.md#a-herd-loads-once'],
  [3, 'Reads are bounded', 'resilience.md#reads-are-bounded'],
  [4, 'An outage loses little', 'resilience.md#an-outage-loses-little'],
  [5, 'L1s are coherent', 'resilience.md#l1s-are-coherent'],
  [6, 'What you get is what you put', 'values.md#what-comes-back-unchanged'],
  [7, 'No caller changes the value of another', 'values.md#may-i-change-what-i-got'],
  [8, 'Bad bytes are a miss', 'resilience.md#bad-bytes-are-a-miss'],
  [9, 'Hooks cannot hurt', 'resilience.md#hooks-cannot-hurt'],
  [10, 'Everything closes', 'resilience.md#everything-closes'],
  [
    11,
    'An origin that fails or is slow is hidden',
    'resilience.md#an-origin-that-fails-or-is-slow-is-hidden',
  ],
  [12, 'What a user may not do is said once', 'resilience.md#what-a-user-may-not-do-is-said-once'],
  [13, 'Every topology is the same cache', 'resilience.md#every-topology-is-the-same-cache'],
  [14, 'A client of your own', 'resilience.md#a-client-of-your-own'],
  [15, 'A Redis that hangs is not asked again', 'resilience.md#a-redis-that-hangs-is-not-asked-again'],
  [16, 'No user gets the entry of another', 'security.md#one-users-data-for-another'],
  [17, 'HTTP responses are cached by RFC 9111', 'http-caching.md#conformance'],
  [18, 'Answers to reworded questions keep to an error budget', 'ai.md#reworded-questions'],
  [19, 'Memory is bounded', 'recipes/bound-the-memory.md#bound-the-memory-of-a-cache'],
  [20, 'An eviction waits for the commit', 'transactions.md#how-do-i-evict-after-the-commit'],
].map(([number, promise, statedIn]) => ({ number, promise, statedIn }));

/** The specs of the repository, by path. */
export async function specs() {
  const folders = ['libs', 'apps', 'test'];
  const names = await Promise.all(
    folders.map(async (folder) =>
      (await readdir(join(root, folder), { recursive: true })).map((name) => join(folder, name)),
    ),
  );
  const paths = names
    .flat()
    .filter((name) => name.endsWith('.spec.ts') && !/node_modules|\/dist\//.test(name));
  const read = async (path) => [path, await readFile(join(root, path), 'utf8')];
  return new Map(await Promise.all(paths.toSorted().map(read)));
}

/**
 * The text of the page.
 *
 * @param {Map<string, string>} sources of the specs, by path
 * @throws Error when a title names no promise of the list, or a promise has no test
 */
export function proof(sources, list = promises) {
  const tests = new Map(list.map(({ number }) => [number, []]));
  for (const [path, source] of sources) {
    // Most specs prove no promise: they need no parser.
    if (!/guarantees? \d/.test(source)) continue;
    for (const { number, titles } of provedIn(titlesOf(path, source))) {
      const known = tests.get(number);
      if (known === undefined) throw new Error(`${path}: no promise has the number ${number}`);
      known.push({ path, titles });
    }
  }
  const empty = list.filter(({ number }) => tests.get(number).length === 0);
  if (empty.length > 0) throw new Error(`No test proves: ${empty.map(({ promise }) => promise).join(', ')}`);
  return [head(list, tests), ...list.map((promise) => section(promise, tests.get(promise.number)))].join(
    '\n',
  );
}

/** The tests that prove a promise, each with its titles from the outermost to its own. */
function provedIn(blocks, outer = [], named = []) {
  return blocks.flatMap(({ kind, title, inside }) => {
    const titles = [...outer, title];
    const numbers = [...new Set([...named, ...numbersIn(title)])];
    if (kind === 'test') return numbers.map((number) => ({ number, titles }));
    return provedIn(inside, titles, numbers);
  });
}

/** `3` of `guarantee 3: …`; `3`, `4` and `5` of `guarantees 3, 4 and 5: …`. */
function numbersIn(title) {
  return [...title.matchAll(/\bguarantees? (\d+(?:(?:, | and )\d+)*)/g)].flatMap(([, numbers]) =>
    numbers.split(/, | and /).map(Number),
  );
}

function head(list, tests) {
  const rows = list.map(({ number, promise }) => {
    const proved = tests.get(number);
    const files = new Set(proved.map(({ path }) => path)).size;
    return `| ${number} | [${promise}](#${anchor(number, promise)}) | ${proved.length} | ${files} |`;
  });
  return `# Proof

<!-- Written by \`make proof\`. Do not edit. -->

**TL;DR** Each promise of the library, with the tests that prove it. \`make proof\` writes this page from the titles of the
tests, and fails when a promise has no test. A row of a table of cases counts as a test if the source has it as text.

|  | promise | tests | files |
| --: | --- | --: | --: |
${rows.join('\n')}
`;
}

function section({ number, promise, statedIn }, tests) {
  const paths = [...new Set(tests.map(({ path }) => path))];
  const files = paths.map((path) => {
    const own = tests.filter((test) => test.path === path);
    return [`- \`${path}\``, ...lines(own)].join('\n');
  });
  return `## ${number}. ${promise}

Stated in [${statedIn.replace(/\.md.*/, '')}](${statedIn}).

${files.join('\n')}
`;
}

/** The tests of a file as a list: those of one block stand under its titles, blocks with the same tests together. */
function lines(tests) {
  const blocks = grouped(tests, ({ titles }) => titles.slice(0, -1).join(' › '));
  const alike = grouped([...blocks], ([, own]) => namesOf(own).join('\n'));
  return [...alike.values()].flatMap((same) => {
    const names = namesOf(same[0][1]);
    const titles = same.map(([title]) => title).filter((title) => title !== '');
    if (titles.length === 0) return names.map((name) => `  - ${name}`);
    return [`  - ${titles.map(quoted).join(', ')}`, ...names.map((name) => `    - ${name}`)];
  });
}

function namesOf(tests) {
  return [...new Set(tests.map(({ titles }) => quoted(titles.at(-1))))];
}

/** The members of a list by what a function says of them, in the order of their first members. */
function grouped(list, by) {
  const groups = new Map();
  for (const member of list) groups.set(by(member), [...(groups.get(by(member)) ?? []), member]);
  return groups;
}

/** A title as text of Markdown, in quotes, without the numbers of the promises. */
function quoted(title) {
  if (title === '…') return 'each case';
  const plain = title
    .replaceAll(/\bguarantees? \d+(?:(?:, | and )\d+)*: /g, '')
    .replaceAll(/ \(guarantees? \d+(?:(?:, | and )\d+)*\)/g, '')
    .replaceAll('"', "'")
    .replaceAll(/[\\`*_[\]<>{}|]/g, String.raw`\$&`);
  return `"${plain}"`;
}

function anchor(number, promise) {
  return `${number} ${promise}`
    .toLowerCase()
    .replaceAll(/[^\w\- ]/g, '')
    .replaceAll(' ', '-');
}
