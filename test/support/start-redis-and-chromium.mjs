import { acquireChromium } from '../../scripts/lib/chromium.mjs';
import startRedis from './start-redis.mjs';

/** One Redis for all test files of this run, and the path of a Chromium. `scripts/test.mjs` may have found it. */
export default async function startRedisAndChromium() {
  await startRedis();
  if (process.env.TEST_CHROMIUM_PATH) return;
  const { path } = await acquireChromium();
  process.env.TEST_CHROMIUM_PATH = path;
}
