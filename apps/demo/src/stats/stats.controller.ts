import { Controller, Get } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { AiCacheService, Cache, CachePerformanceMonitor, InjectAiCache } from 'nestjs-cache-infra';

@ApiTags('cache')
@Controller('cache')
export class StatsController {
  constructor(
    private readonly cache: Cache,
    @InjectAiCache('ai') private readonly ai: AiCacheService,
    private readonly monitor: CachePerformanceMonitor,
  ) {}

  /** What the caches did since the start. */
  @Get('stats')
  stats(): object {
    return {
      cache: this.cache.stats(),
      ai: this.ai.stats({ by: 'operation' }),
      performance: this.monitor.getPerformanceStats(),
    };
  }
}
