// One case in a process of its own, told by name: what the engine learned from another does not help or harm it.
//   node --expose-gc benchmarks/peers/case.mjs <case> measure '{"rounds":11,"turnMs":50}'
//   node benchmarks/peers/case.mjs <case> profile 3
//   node benchmarks/peers/case.mjs <case> child <candidate>     one candidate, for cases that take a process for each
import { Session } from 'node:inspector/promises';

import { findCase } from './cases/index.mjs';

const [name, task, argument] = process.argv.slice(2);
const found = await findCase(name);

const tasks = {
  measure: () => found.measure(JSON.parse(argument)),
  profile: () => profile(Number(argument)),
  child: () => found.inChild(argument),
};
const result = await tasks[task]();
if (process.send === undefined) console.log(JSON.stringify(result));
else await new Promise((sent) => process.send(result, sent));
process.exit(0);

/** A CPU profile, as `node --cpu-prof` writes it, of the library's part alone, after it has warmed up; of what happens once, just so. */
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
