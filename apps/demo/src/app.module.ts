import { Module } from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { TerminusModule } from '@nestjs/terminus';
import { CacheInfraModule, CacheMonitoringInterceptor } from 'nestjs-cache-infra';
import { AiModule } from './ai/ai.module.js';
import { CatalogueModule } from './catalogue/catalogue.module.js';
import { HealthController } from './health/health.controller.js';
import { LiveModule } from './live/live.module.js';
import { StatsController } from './stats/stats.controller.js';

@Module({
  imports: [
    // In memory, unless REDIS_URL or CACHE_PRESET configures Redis.
    CacheInfraModule.forRoot(),
    CacheInfraModule.forAi({ name: 'ai', operationTtls: { summarize: 7200, readability: 86_400 } }),
    TerminusModule,
    AiModule,
    CatalogueModule,
    LiveModule,
  ],
  controllers: [HealthController, StatsController],
  providers: [{ provide: APP_INTERCEPTOR, useExisting: CacheMonitoringInterceptor }],
})
export class AppModule {}
