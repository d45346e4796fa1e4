import type { CacheLogger } from '../contract/logger.js';
import { runSafely } from './emitter.js';

/** Wraps a logger: its errors and rejections are ignored. */
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
