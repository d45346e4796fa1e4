import type { CacheLogger } from '../contract/logger.js';
import { runSafely } from './emitter.js';

/** A logger whose failures, at once or later, hurt nobody. */
export function harmless(logger: CacheLogger): CacheLogger {
  return {
    warn: (message) => {
      runSafely(() => logger.warn(message));
    },
    log: (message) => {
      runSafely(() => logger.log(message));
    },
  };
}
