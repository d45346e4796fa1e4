// Simulates the error budget of matching by meaning: how soon a band of similarity serves, and how soon it is off.
//   node benchmarks/error-budget.mjs
import '../scripts/lib/typescript.mjs';
import { percent, table } from './lib/markdown.mjs';
import { seeded } from './lib/random.mjs';
import { quantile } from './lib/statistics.mjs';

const { afterCheck, checksToServe, initialState } =
  await import('../libs/cache-infra/src/ai/alike/error-budget.ts');

const runs = Number(process.env.RUNS ?? 10_000);
const checks = 20_000;
const random = seeded(15);

/** Title, budget, and the share of wrong candidates: before the change, and from `after` checks of serving on. */
const cases = [
  ['0.1 % wrong', 0.005, 0.001],
  ['0.2 % wrong', 0.005, 0.002],
  ['0.5 % wrong', 0.005, 0.005],
  ['1 % wrong', 0.005, 0.01],
  ['2 % wrong', 0.005, 0.02],
  ['0.1 % wrong, 2 % once it serves', 0.005, 0.001, { share: 0.02, after: 0 }],
  ['0.1 % wrong, 2 % after 5,000 checks of serving', 0.005, 0.001, { share: 0.02, after: 5000 }],
  ['0.2 % wrong', 0.01, 0.002],
  ['4 % wrong', 0.01, 0.04],
];

const rows = cases.map(([title, budget, share, change]) => {
  const lives = Array.from({ length: runs }, () => live(budget, share, change));
  const off = lives.map((life) => life.offAfter).filter((it) => it !== undefined);
  const soon = off.filter((it) => it <= 300);
  return [
    title,
    percent(budget),
    percent(lives.filter((life) => life.served).length / runs),
    percent(off.length / runs),
    percent(soon.length / runs),
    off.length < runs / 2 ? '-' : Math.round(quantile(off, 0.5)),
    off.length < runs / 2 ? '-' : Math.round(quantile(off, 0.9)),
  ];
});
console.log(`${runs.toLocaleString('en-US')} runs of ${checks.toLocaleString('en-US')} checks at most.\n`);
console.log(
  table(
    ['band', 'budget', 'serves', 'is off', 'off within 300', 'checks to off, median', 'of nine in ten'],
    rows,
  ),
);
console.log('\n| budget | checks without an error until a band serves |\n| --- | --- |');
for (const budget of [0.005, 0.01, 0.02, 0.05])
  console.log(`| ${percent(budget)} | ${checksToServe(budget)} |`);

/** `offAfter`: checks since the start, or since the change; undefined = never. */
function live(budget, share, change) {
  let state = initialState;
  let servedAt;
  for (let i = 1; i <= checks; i++) {
    const isChanged = change !== undefined && servedAt !== undefined && i > servedAt + change.after;
    state = afterCheck(state, random() >= (isChanged ? change.share : share), budget);
    if (state.phase === 'off') {
      const since = change === undefined ? 0 : isChanged ? servedAt + change.after : undefined;
      return { served: servedAt !== undefined, offAfter: since === undefined ? undefined : i - since };
    }
    if (state.phase === 'serving') servedAt ??= i;
  }
  return { served: servedAt !== undefined, offAfter: undefined };
}
