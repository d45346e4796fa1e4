// Measures the gist of a text: false hits and recall on the labelled set of test/ai-meaning, and the time of a call.
//   node benchmarks/gist.mjs
import { readFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';

import '../scripts/lib/typescript.mjs';

const root = join(import.meta.dirname, '..');
const { gistOf } = await import('../libs/cache-infra/src/ai/alike/gist.ts');
const languages = ['en', 'de'];
const rounds = Number(process.env.ROUNDS ?? 11);
const callsPerRound = 5_000;

async function labelled(name) {
  const pairs = [];
  let kind = '';
  for (const line of (await readFile(join(root, 'test/ai-meaning', name), 'utf8')).split('\n')) {
    if (line.startsWith('## ')) kind = line.slice(3);
    else if (line.includes(' | ') && !line.startsWith('#')) pairs.push({ kind, texts: line.split(' | ') });
  }
  return pairs;
}

const isHit = ([one, other]) => gistOf(one) !== undefined && gistOf(one) === gistOf(other);
const percent = (hits, count) => (count === 0 ? '–' : `${((100 * hits) / count).toFixed(0)} %`);

const sets = Object.fromEntries(
  await Promise.all(
    languages.map(async (language) => [
      language,
      {
        alike: await labelled(`paraphrases.${language}.txt`),
        unlike: await labelled(`near-misses.${language}.txt`),
      },
    ]),
  ),
);

console.log(`Node ${process.version}, ${cpus()[0]?.model ?? process.arch}\n`);
console.log('| kind of difference | English pairs | found | German pairs | found |');
console.log('| --- | --- | --- | --- | --- |');
const row = (title, pick) => {
  const cells = languages.flatMap((language) => {
    const pairs = pick(sets[language]);
    const hits = pairs.filter(({ texts }) => isHit(texts)).length;
    return [pairs.length, percent(hits, pairs.length)];
  });
  console.log(`| ${[title, ...cells].join(' | ')} |`);
};
for (const kind of new Set(languages.flatMap((language) => sets[language].alike.map((pair) => pair.kind))))
  row(kind, ({ alike }) => alike.filter((pair) => pair.kind === kind));
row('all paraphrases', ({ alike }) => alike);
row('near-misses', ({ unlike }) => unlike);

/** A question of about this many characters. */
const question = (length) => {
  const filler = ' and then send the monthly report of the second quarter to the accounting team in Berlin';
  return `Could you please tell me how I can export my invoices${filler.repeat(30)}`
    .slice(0, length)
    .concat('?');
};

/** Of processor time, which other processes do not prolong. */
function microseconds(texts) {
  const start = process.cpuUsage();
  let found = 0;
  for (let i = 0; i < callsPerRound; i++) if (gistOf(texts[i % texts.length]) !== undefined) found += 1;
  const { user, system } = process.cpuUsage(start);
  if (found === 0) throw new Error('no text of the round has a gist');
  return (user + system) / callsPerRound;
}

console.log('\n| text | µs of processor time per call: median (quartiles) |');
console.log('| --- | --- |');
const labelledTexts = languages.flatMap((language) => sets[language].alike.flatMap(({ texts }) => texts));
const average = Math.round(labelledTexts.join('').length / labelledTexts.length);
for (const [name, texts] of [
  [`the labelled paraphrases (${average} characters on average)`, labelledTexts],
  ['100 characters', Array.from({ length: 50 }, (_, i) => question(99 - (i % 3)))],
  ['500 characters', Array.from({ length: 50 }, (_, i) => question(499 - (i % 3)))],
  ['1,900 characters', Array.from({ length: 50 }, (_, i) => question(1_899 - (i % 3)))],
]) {
  for (let i = 0; i < 5; i++) microseconds(texts);
  const times = Array.from({ length: rounds }, () => microseconds(texts)).sort((a, b) => a - b);
  const at = (fraction) => times[Math.floor(times.length * fraction)].toFixed(1);
  console.log(`| ${name} | ${at(0.5)} (${at(0.25)}–${at(0.75)}) |`);
}
