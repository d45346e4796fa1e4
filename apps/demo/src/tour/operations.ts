import type { DemoClient } from './http.js';
import type { Report } from './report.js';

interface CacheHealth {
  status: string;
  latencyMs: number;
  l1?: { size: number; maxSize: number };
  l2?: { status: string; latencyMs?: number; lastError?: string };
}

interface Health {
  status: string;
  details: Record<string, CacheHealth>;
}

/** The health of the caches, and their tiers. */
export async function tourHealth(demo: DemoClient, report: Report): Promise<void> {
  const { status, body } = await demo.get<Health>('/health');
  for (const [name, { status: cacheStatus, l1, l2 }] of Object.entries(body.details)) {
    const memory = l1 === undefined ? '' : `, memory ${l1.size} of ${l1.maxSize} entries`;
    const latency = l2?.latencyMs === undefined ? '' : ` in ${l2.latencyMs.toFixed(1)} ms`;
    const redis = l2 === undefined ? ', no Redis' : `, Redis ${l2.status}${latency}`;
    report.line(`  ${name}: ${cacheStatus}${memory}${redis}`);
  }
  const serving = Object.values(body.details).every((cache) => /^(?:up|degraded)$/.test(cache.status));
  report.check('every cache serves', status === 200 && serving, body.details);
}

interface Counters {
  name: string;
  calls: number;
  hits: number;
  hitRatio: number;
  timeSavedMs: number;
  inputTokensSaved: number;
  outputTokensSaved: number;
}

interface Stats {
  ai: { totals: Omit<Counters, 'name'>; groups: Counters[] };
}

/** The savings of the AI cache since the demo started. */
export async function tourSavings(demo: DemoClient, report: Report): Promise<void> {
  const { ai } = (await demo.get<Stats>('/cache/stats')).body;
  report.table([
    ['operation', 'calls', 'hits', 'hit ratio', 'time saved', 'tokens saved'],
    ...[...ai.groups, { name: 'all', ...ai.totals }].map((counters) => [
      counters.name,
      String(counters.calls),
      String(counters.hits),
      counters.hitRatio.toFixed(2),
      `${(counters.timeSavedMs / 1000).toFixed(2)} s`,
      String(counters.inputTokensSaved + counters.outputTokensSaved),
    ]),
  ]);
  report.check(
    'hits and saved time were counted',
    ai.totals.hits > 0 && ai.totals.timeSavedMs > 0,
    ai.totals,
  );
}
