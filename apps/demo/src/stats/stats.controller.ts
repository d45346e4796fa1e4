import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { AiCacheService, Cache, CachePerformanceMonitor, InjectAiCache } from 'nestjs-cache-infra';

@ApiTags('cache')
@Controller('cache')
export class StatsController {
  constructor(
    private readonly cache: Cache,
    @InjectAiCache('ai') private readonly ai: AiCacheService,
    private readonly monitor: CachePerformanceMonitor,
  ) {}

  @Get('stats')
  @ApiOperation({ summary: 'The counters and savings of the caches since the start' })
  @ApiOkResponse({
    schema: {
      example: {
        cache: { hits: 12, misses: 3 },
        ai: { totals: { hits: 4 } },
        performance: { totals: { hitRatio: 0.8 } },
      },
    },
  })
  stats(): object {
    return {
      cache: this.cache.stats(),
      ai: this.ai.stats({ by: 'operation' }),
      performance: this.monitor.getPerformanceStats(),
    };
  }
}
