/** Where the library writes. NestJS's `Logger` fits, `console` too. */
export interface CacheLogger {
  warn(message: string): unknown;
  log(message: string): unknown;
}
