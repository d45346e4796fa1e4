import { Module } from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { TerminusModule } from '@nestjs/terminus';
import { CacheInfraModule, HttpCacheInterceptor } from 'nestjs-cache-infra';
import { CacheDashboardModule } from 'nestjs-cache-infra/dashboard';

import { AnswersController } from './answers.controller.js';
import { CatalogueModule } from './catalogue.module.js';
import { HealthController } from './health.controller.js';

@Module({
  imports: [
    CacheInfraModule.forRoot(),
    CacheInfraModule.forAi(),
    CacheDashboardModule.forRoot(),
    TerminusModule,
    CatalogueModule,
  ],
  controllers: [AnswersController, HealthController],
  providers: [{ provide: APP_INTERCEPTOR, useExisting: HttpCacheInterceptor }],
})
export class AppModule {}
