import { Controller, Get } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { HealthCheck, HealthCheckService } from '@nestjs/terminus';
import { CacheHealthIndicator } from 'nestjs-cache-infra';

@ApiTags('cache')
@Controller('health')
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly caches: CacheHealthIndicator,
  ) {}

  @Get()
  @ApiOperation({ summary: 'The health of the caches, in the format of Terminus' })
  @HealthCheck()
  check(): Promise<object> {
    return this.health.check([() => this.caches.check('cache'), () => this.caches.check('aiCache', 'ai')]);
  }
}
