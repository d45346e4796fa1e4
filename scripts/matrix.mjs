// Tries the packed library in fresh applications, and writes docs/compatibility.md:
//   node scripts/matrix.mjs              every cell
//   node scripts/matrix.mjs vitest 5.4   the cells with one of these words in their title; writes nothing
import { Bench } from './lib/matrix/bench.mjs';
import { cells } from './lib/matrix/cells.mjs';
import { writeReport } from './lib/matrix/report.mjs';
import { runCell } from './lib/matrix/runner.mjs';
import { endRunning, endWithThisProcess } from './lib/process.mjs';

endWithThisProcess();
const words = process.argv.slice(2);
const chosen = cells.filter(({ title }) => words.length === 0 || words.some((word) => title.includes(word)));
const results = await runAll();
if (words.length === 0) await writeReport(results);
const failed = results.filter(({ error }) => error !== undefined).length;
console.log(`${results.length - failed} passed, ${failed} failed`);
process.exitCode = failed > 0 || results.length === 0 ? 1 : 0;

async function runAll() {
  const bench = await Bench.open();
  try {
    const done = [];
    for (const cell of chosen) {
      const result = await runCell(cell, bench);
      done.push(result);
      const { title, seconds, versions, error } = result;
      console.log(
        `${error === undefined ? 'passed' : 'FAILED'} ${seconds.toFixed(1).padStart(6)} s  ${title}`,
      );
      console.log(error ?? `                 ${versions}`);
    }
    return done;
  } finally {
    endRunning();
    await bench.close();
  }
}
