import { applicationHelp } from '../application.js';

export const topUsage = `Usage: nestjs-cache-infra top [options]

Shows the instances of an application live: health, operations, hit ratio, loads; and their caches, groups and keys.
Reads what they publish in Redis (CacheInfraModule with Redis and monitoring); changes nothing.

${applicationHelp}
  --cache <name>       shows this cache only
  --window <name>      1m, 5m, 1h or 24h (default: 1m); the keys 1 to 4 and the arrows switch it
  --once               prints the numbers once, as where there is no terminal
  --json               prints them once, as JSON
  --config, --env      as for check

Exit code: 0; 1 when Redis does not answer, or no instance publishes, and the numbers are printed once.`;
