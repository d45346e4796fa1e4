import { runSafely } from './emitter.js';

/** Where the library writes. NestJS's `Logger` fits, `console` too. */
export interface CacheLogger {
  warn(message: string): unknown;
  log(message: string): unknown;
}

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
