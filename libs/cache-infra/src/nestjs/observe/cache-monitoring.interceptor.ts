import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { finalize, Observable } from 'rxjs';

import { activity, emptyActivity, type RequestActivity } from '../../cache/observe/activity.js';
import { CachePerformanceMonitor } from '../../monitoring/performance-monitor.js';
import { routeName } from './route-name.js';
import { appendHeader, beforeHeaders, cacheStatus, isRawResponse, serverTiming } from './response-headers.js';

/**
 * Reports the cache activity of a request: to the client in `Cache-Status` (RFC 9211) and `Server-Timing`, to {@link
 * CachePerformanceMonitor} by route. Works on Express and Fastify, with `@Res()`, streams and exception filters.
 * Ignores everything that is not HTTP.
 *
 * ```ts
 * app.useGlobalInterceptors(app.get(CacheMonitoringInterceptor));
 * ```
 */
@Injectable()
export class CacheMonitoringInterceptor implements NestInterceptor {
  constructor(private readonly monitor: CachePerformanceMonitor) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    if (context.getType() !== 'http') return next.handle();
    const record = emptyActivity();
    const response = rawResponseOf(context);
    if (response !== undefined) {
      beforeHeaders(response, () => {
        appendHeader(response, 'Cache-Status', cacheStatus(record));
        appendHeader(response, 'Server-Timing', serverTiming(record));
      });
    }
    return new Observable<unknown>((subscriber) =>
      activity.run(record, () => next.handle().subscribe(subscriber)),
    ).pipe(finalize(() => this.#record(context, record)));
  }

  #record(context: ExecutionContext, record: RequestActivity): void {
    if (record.hits + record.misses + record.sets > 0) this.monitor.recordRequest(routeName(context), record);
  }
}

/** Express passes Node's response itself, Fastify a reply that holds it in `raw`. */
function rawResponseOf(context: ExecutionContext) {
  const response = context.switchToHttp().getResponse<{ raw?: unknown } | undefined>();
  return [response?.raw, response].find(isRawResponse);
}
