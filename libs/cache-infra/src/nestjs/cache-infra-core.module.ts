import { Global, Logger, Module } from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';

import { CacheFactory } from '../config/cache-factory.js';
import { CachePerformanceMonitor } from '../monitoring/performance-monitor.js';
import { CacheContextInterceptor } from './cache-context.interceptor.js';
import { CacheHealthIndicator } from './cache-health.indicator.js';
import { CacheMonitoringInterceptor } from './cache-monitoring.interceptor.js';
import { CacheRegistry } from './cache-registry.js';
import { DecoratedProviders } from './decorated-providers.js';
import { HttpCacheInterceptor } from './http/http-cache.interceptor.js';
import { HttpCaches } from './http/http-caches.js';
import { UnboundRoutes } from './http/unbound-routes.js';

const shared = [
  CacheFactory,
  CachePerformanceMonitor,
  CacheRegistry,
  CacheHealthIndicator,
  CacheMonitoringInterceptor,
  CacheContextInterceptor,
  HttpCaches,
  HttpCacheInterceptor,
];

/** What all caches of an application share: there is one of each, however many caches there are. */
@Global()
@Module({
  providers: [
    { provide: CacheFactory, useFactory: () => new CacheFactory({ logger: new Logger('CacheInfra') }) },
    {
      provide: CachePerformanceMonitor,
      useFactory: (factory: CacheFactory) => factory.monitor,
      inject: [CacheFactory],
    },
    CacheRegistry,
    CacheHealthIndicator,
    CacheMonitoringInterceptor,
    CacheContextInterceptor,
    { provide: APP_INTERCEPTOR, useExisting: CacheContextInterceptor },
    DecoratedProviders,
    HttpCaches,
    HttpCacheInterceptor,
    UnboundRoutes,
  ],
  exports: shared,
})
export class CacheInfraCoreModule {}
