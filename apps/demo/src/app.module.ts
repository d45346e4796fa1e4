import { Module } from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { TerminusModule } from '@nestjs/terminus';
import { CacheInfraModule, CacheMonitoringInterceptor } from 'nestjs-cache-infra';
import { aiCacheOptions } from './ai/ai-cache-options.js';
import { AiModule } from './ai/ai.module.js';
import { CatalogueModule } from './catalogue/catalogue.module.js';
import { readEnvironment } from './config/environment.js';
import { demoDashboard } from './dashboard/dashboard.js';
import { HealthController } from './health/health.controller.js';
import { LiveModule } from './live/live.module.js';
import { StatsController } from './stats/stats.controller.js';

@Module({
  imports: [
    // In memory, unless REDIS_URL or CACHE_PRESET configures Redis.
    CacheInfraModule.forRoot(),
    CacheInfraModule.forAiAsync({ name: 'ai', useFactory: () => aiCacheOptions(readEnvironment()) }),
    TerminusModule,
    AiModule,
    CatalogueModule,
    LiveModule,
    demoDashboard,
  ],
  controllers: [HealthController, StatsController],
  providers: [{ provide: APP_INTERCEPTOR, useExisting: CacheMonitoringInterceptor }],
})
export class AppModule {}
