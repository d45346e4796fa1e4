import type { WindowName } from '../../../../monitoring/windows/window-report.js';
import type { DashboardState } from '../../../state.js';
import { sum } from './combine.js';

const firstCache = `import { Cacheable, CacheInfraModule } from 'nestjs-cache-infra';

@Injectable()
export class CatsService {
  @Cacheable({ ttl: '5m' })
  async find(id: number) {
    return this.db.cats.findOne(id); // runs once in five minutes for each id
  }
}

@Module({ imports: [CacheInfraModule.forRoot()], providers: [CatsService] })
export class CatsModule {}`;

const firstRead = `await catsService.find(1); // a miss: loads
await catsService.find(1); // a hit in the L1`;

/** What to do next. */
export interface Step {
  readonly title: string;
  readonly text: string;
  readonly code: string;
}

/** Undefined while there is something to see. */
export function stepOf(state: DashboardState | null, window: WindowName): Step | undefined {
  if (state === null) return undefined;
  const { caches, windows } = state.summary;
  if (state.source === 'redis' && state.instances.length === 0)
    return {
      title: 'No instance publishes itself here',
      text: 'Applications with CacheDashboardModule on this Redis appear by themselves within seconds of their start.',
      code: `CacheDashboardModule.forRoot({ route: '/cache' })`,
    };
  if (caches.length === 0)
    return { title: 'Make the first cache', text: 'This page shows it at once.', code: firstCache };
  const isWatched = windows[window].caches.length > 0;
  const reads = sum(caches.map(({ stats }) => stats.hits + stats.misses));
  if (reads > 0 && isWatched) return undefined;
  if (reads > 0)
    return {
      title: 'The monitor is off',
      text: 'The caches count, and no monitor watches them. CacheInfraModule and CacheFactory watch theirs unless:',
      code: 'CACHE_MONITORING_ENABLED=false',
    };
  return {
    title: 'No read yet',
    text: 'Call a cached method, or open one of your routes, and the curves begin to move within two seconds.',
    code: firstRead,
  };
}
