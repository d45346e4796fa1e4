// Runs one case, given by name, in a separate process, so that JIT compilation for other cases has no effect.
//   node --expose-gc benchmarks/peers/case.mjs <case> measure '{"rounds":11,"turnMs":50}'
//   node benchmarks/peers/case.mjs <case> profile 3
//   node benchmarks/peers/case.mjs <case> child <candidate>     one candidate, for cases with a process each
//   node benchmarks/peers/case.mjs <case> turns <candidate> '{"turnMs":50}'     one candidate, a turn for each message
import { Session } from 'node:inspector/promises';

import { findCase } from './cases/index.mjs';
import { turnOf } from './race.mjs';
import { answerTurns } from './turns.mjs';

const [name, task, argument, options] = process.argv.slice(2);
const found = await findCase(name);

const tasks = {
  measure: () => found.measure(JSON.parse(argument)),
  profile: () => profile(Number(argument)),
  child: () => found.inChild(argument),
  turns: async () => answerTurns(await turnOf(await found.candidateOf(argument), JSON.parse(options))),
};
const result = await tasks[task]();
if (task === 'turns') process.exit(0);
if (process.send === undefined) console.log(JSON.stringify(result));
else await new Promise((sent) => process.send(result, sent));
process.exit(0);

/**
 * A CPU profile in the format of `node --cpu-prof`, of the library's part after warm-up; without warm-up for one-time
 * work.
 */
async function profile(seconds) {
  const work = await found.work();
  if (found.once !== true) await forSeconds(1, work);
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: 250 });
  await session.post('Profiler.start');
  if (found.once === true) await work();
  else await forSeconds(seconds, work);
  const stopped = await session.post('Profiler.stop');
  return stopped.profile;
}

async function forSeconds(seconds, work) {
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end) await work();
}
