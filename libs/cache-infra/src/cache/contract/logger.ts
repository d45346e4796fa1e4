/** The logger of a cache, such as NestJS's `Logger` or `console`. Its errors and rejections are ignored. */
export interface CacheLogger {
  /** A risk, a failure or a loss of service. */
  warn(message: string): unknown;
  /** The end of a loss of service. */
  log(message: string): unknown;
}
