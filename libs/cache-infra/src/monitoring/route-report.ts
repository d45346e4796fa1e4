import type { RequestActivity } from '../cache/observe/activity.js';
import { BoundedSeries } from '../base/bounded-series.js';

/** Cache activity of the requests of one route. */
export interface RouteReport {
  /** The pattern, for example `GET /products/:id`. */
  route: string;
  /** Requests with cache calls. */
  requests: number;
  hits: number;
  misses: number;
  sets: number;
  loads: number;
  /** hits / (hits + misses), 0-1. */
  hitRatio: number;
  /** Total milliseconds in cache calls, loaders included. */
  durationMs: number;
  /** Total milliseconds in loaders. */
  loadMs: number;
}

const other = '(other)';

/** Counts by route; routes beyond `maxRoutes` share one entry. */
export class RouteCounts {
  private readonly series: BoundedSeries<{ route: string }, Omit<RouteReport, 'route' | 'hitRatio'>>;

  constructor(maxRoutes: number) {
    this.series = new BoundedSeries(
      maxRoutes,
      () => ({ requests: 0, hits: 0, misses: 0, sets: 0, loads: 0, durationMs: 0, loadMs: 0 }),
      () => ({ route: other }),
    );
  }

  get overflowed(): number {
    return this.series.overflowed;
  }

  record(route: string, { hits, misses, sets, loads, durationMs, loadMs }: Readonly<RequestActivity>): void {
    const counts = this.series.at(route, { route });
    counts.requests += 1;
    counts.hits += hits;
    counts.misses += misses;
    counts.sets += sets;
    counts.loads += loads;
    counts.durationMs += durationMs;
    counts.loadMs += loadMs;
  }

  report(): RouteReport[] {
    return this.series.entries().map(({ key, value }) => {
      const asked = value.hits + value.misses;
      return { route: key.route, ...value, hitRatio: asked === 0 ? 0 : value.hits / asked };
    });
  }

  clear(): void {
    this.series.clear();
  }
}

/** Results of `HttpCacheInterceptor` for the requests of one route. */
export interface HttpRouteReport {
  /** The pattern, for example `GET /products/:id`. */
  route: string;
  /** `hits` + `misses`. Requests that bypass the cache, such as those with `Range`, do not count. */
  requests: number;
  /** Requests answered from the cache, including stale answers under refresh. */
  hits: number;
  /** Requests that ran the handler or waited for a concurrent run. */
  misses: number;
  /** hits / requests, 0-1. */
  hitRatio: number;
}

/** Counts requests by route; routes beyond `maxRoutes` share one entry. */
export class HttpRouteCounts {
  private readonly series: BoundedSeries<{ route: string }, { hits: number; misses: number }>;

  constructor(maxRoutes: number) {
    this.series = new BoundedSeries(
      maxRoutes,
      () => ({ hits: 0, misses: 0 }),
      () => ({ route: other }),
    );
  }

  get overflowed(): number {
    return this.series.overflowed;
  }

  record(route: string, result: 'hit' | 'miss'): void {
    const counts = this.series.at(route, { route });
    if (result === 'hit') counts.hits += 1;
    else counts.misses += 1;
  }

  report(): HttpRouteReport[] {
    return this.series.entries().map(({ key: { route }, value: { hits, misses } }) => {
      const requests = hits + misses;
      return { route, requests, hits, misses, hitRatio: hits / requests };
    });
  }

  clear(): void {
    this.series.clear();
  }
}
