import { Module, type DynamicModule } from '@nestjs/common';
import { CacheInfraModule } from 'nestjs-cache-infra';
import { LiveLog } from './live-log.js';
import { LiveRedis } from './live-redis.js';

export const instanceNames = ['A', 'B'] as const;
export type InstanceName = (typeof instanceNames)[number];

/** The name of the cache of an instance. */
export function cacheNameOf(instance: InstanceName): string {
  return `live-${instance}`;
}

@Module({
  providers: [LiveLog, { provide: LiveRedis, useFactory: () => LiveRedis.start() }],
  exports: [LiveLog, LiveRedis],
})
export class LiveStoresModule {}

/** The cache of each instance: two processes of a shop would have one each. */
export const liveCaches: DynamicModule[] = instanceNames.map((instance) =>
  CacheInfraModule.forRootAsync({
    name: cacheNameOf(instance),
    imports: [LiveStoresModule],
    inject: [LiveRedis, LiveLog],
    useFactory: ({ url }: LiveRedis, log: LiveLog) => ({
      ...(url === undefined ? { useMemoryCache: true } : { redisUrl: url, keyPrefix: 'demo-live' }),
      logger: log.of(instance),
    }),
  }),
);
