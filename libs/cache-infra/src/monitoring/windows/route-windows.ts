import type { RequestActivity } from '../../cache/observe/activity.js';
import { hitRatio } from './cache-counts.js';
import { CountedTable } from './counted-table.js';
import type { RouteWindow, WindowName } from './window-report.js';

const other = '(other)';
/** Routes of a monitor: about 12 kB each. */
const maxRoutes = 48;
/** Cells of requests that an interceptor watched; those of the HTTP cache follow. */
const [requestsCell, hitsCell, missesCell, loadsCell, loadMsCell] = [0, 1, 2, 3, 4];
const [httpHitsCell, httpMissesCell] = [5, 6];
const width = 7;

/**
 * Requests by route. Where both interceptors watch a route, its requests are those that the monitoring interceptor
 * watched: their activity includes the calls of the HTTP cache.
 */
export class RouteWindows {
  readonly #table = new CountedTable<{ route: string }>(maxRoutes, width, { route: other });

  record(second: number, route: string, { hits, misses, loads, loadMs }: Readonly<RequestActivity>): void {
    const rings = this.#table.at(route, { route }, second);
    rings.add(second, requestsCell, 1);
    rings.add(second, hitsCell, hits);
    rings.add(second, missesCell, misses);
    rings.add(second, loadsCell, loads);
    rings.add(second, loadMsCell, loadMs);
  }

  recordHttp(second: number, route: string, result: 'hit' | 'miss'): void {
    const cell = result === 'hit' ? httpHitsCell : httpMissesCell;
    this.#table.at(route, { route }, second).add(second, cell, 1);
  }

  /** Most requests first. */
  report(window: WindowName, second: number): RouteWindow[] {
    const routes = this.#table.sums(window, second).map(({ key, sums }): RouteWindow => {
      const [requests = 0, hits = 0, misses = 0, loads = 0, loadMs = 0, httpHits = 0, httpMisses = 0] = sums;
      const counts =
        requests > 0
          ? { requests, hits, misses }
          : { requests: httpHits + httpMisses, hits: httpHits, misses: httpMisses };
      return { ...key, ...counts, loads, loadMs, hitRatio: hitRatio(counts.hits, counts.misses) };
    });
    return routes.sort((a, b) => b.requests - a.requests);
  }

  age(): void {
    this.#table.age();
  }

  clear(): void {
    this.#table.clear();
  }

  get bytes(): number {
    return this.#table.bytes;
  }
}
