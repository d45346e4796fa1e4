import type { RequestActivity } from '../cache/activity.js';
import { BoundedSeries } from '../bounded-series.js';

/** What the caches did for the requests of one route. */
export interface RouteReport {
  /** The pattern, for example `GET /products/:id`. */
  route: string;
  /** Requests that asked a cache for something. */
  requests: number;
  hits: number;
  misses: number;
  sets: number;
  loads: number;
  /** hits / (hits + misses), 0-1. */
  hitRatio: number;
  /** Milliseconds in cache calls, loaders included, over all requests. */
  durationMs: number;
  /** Milliseconds in loaders, over all requests. */
  loadMs: number;
}

const other = '(other)';

/** Counts by route; routes beyond `maxRoutes` are counted together. */
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
