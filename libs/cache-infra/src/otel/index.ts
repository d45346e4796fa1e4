export {
  CacheOpenTelemetryModule,
  type CacheOpenTelemetryModuleOptions,
} from './cache-open-telemetry.module.js';
export { CacheOpenTelemetry, type CacheOpenTelemetryOptions } from './cache-open-telemetry.js';
