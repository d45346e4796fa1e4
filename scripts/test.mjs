// Runs the checks, two at a time, then the test suites in sequence, and prints their totals in the last line:
//   node scripts/test.mjs                    everything (the slow suites with RUN_SLOW=1)
//   node scripts/test.mjs unit redis         these steps
//   node scripts/test.mjs build suites       the build and every suite, the slow ones included
//   node scripts/test.mjs unit -- codec      these steps, with arguments for Jest
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { acquireChromium, environmentWithChromium } from './lib/chromium.mjs';
import { checkCoverage } from './lib/coverage.mjs';
import { install } from './lib/install.mjs';
import { endWithThisProcess, root } from './lib/process.mjs';
import { acquireRedis, environmentWith } from './lib/redis.mjs';
import { checks, needsChromium, needsRedis, onDemand, runChecks, runSuite, suites } from './lib/steps.mjs';

const separator = process.argv.indexOf('--');
const named = process.argv
  .slice(2, separator === -1 ? undefined : separator)
  .flatMap((step) => (step === 'suites' ? suites : step));
const jestArgs = separator === -1 ? [] : process.argv.slice(separator + 1);

/** Suites that take minutes, with the command of each; RUN_SLOW=1 includes them in a full run. */
const slow = { performance: 'make test-cache-performance', faults: 'make test-faults' };
/** What a full run leaves out. */
const leftOut = { ...(process.env.RUN_SLOW !== '1' && slow), docker: 'make test-docker' };
const everything = [...Object.keys(checks), ...suites].filter(
  (step) => !(step in slow) || process.env.RUN_SLOW === '1',
);

endWithThisProcess();
const results = await main(named.length > 0 ? named : everything);
for (const { step, passed, failed, skipped, seconds, notes } of results) {
  console.log(`${step.padEnd(12)} ${passed} passed, ${failed} failed, ${skipped} skipped in ${seconds} s`);
  for (const note of notes) console.log(`             ${note}`);
}
if (named.length === 0)
  for (const [step, command] of Object.entries(leftOut))
    console.log(`${step.padEnd(12)} not part of this run: ${command}`);
const sum = (field) => results.reduce((total, result) => total + result[field], 0);
const line = `${sum('passed')} passed, ${sum('failed')} failed, ${sum('skipped')} skipped`;
await mkdir(join(root, 'test-results'), { recursive: true });
await writeFile(join(root, 'test-results', 'summary.txt'), `${line}\n`);
console.log(line);
process.exit(sum('failed') > 0 || sum('passed') === 0 ? 1 : 0);

async function main(steps) {
  const unknown = steps.filter((step) => !(step in checks) && !(step in onDemand) && !suites.includes(step));
  if (unknown.length > 0) return [failure('arguments', `no such step: ${unknown.join(', ')}`)];

  try {
    await install();
  } catch (error) {
    return [failure('install', error.message)];
  }
  let redis;
  try {
    redis = steps.some(needsRedis) ? await acquireRedis() : undefined;
  } catch (error) {
    return [failure('redis', error.message)];
  }
  try {
    const env = environmentWith(redis);
    const done = await runChecks(
      steps.filter((step) => step in checks),
      env,
    );
    for (const step of steps.filter((it) => !(it in checks))) {
      console.log(`\n== ${step}`);
      const started = Date.now();
      const result = await suite(step, env);
      done.push({ step, ...result, seconds: Math.round((Date.now() - started) / 1000) });
    }
    console.log('');
    // Skip the coverage check: a subset of the tests covers a subset of the code.
    if (steps.includes('unit') && jestArgs.length === 0)
      done.push({ step: 'coverage', ...(await checkCoverage(steps)) });
    return done;
  } finally {
    await redis?.stop();
  }
}

/** Without a Chromium the suite that needs one fails; the others run. */
async function suite(step, env) {
  try {
    const chromium = needsChromium(step) ? await acquireChromium() : undefined;
    return await runSuite(step, jestArgs, environmentWithChromium(chromium, env));
  } catch (error) {
    return failure(step, error.message);
  }
}

function failure(step, message) {
  return { step, passed: 0, failed: 1, skipped: 0, seconds: 0, notes: message.split('\n') };
}
