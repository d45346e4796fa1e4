import { applicationHelp } from '../application.js';

export const dashboardUsage = `Usage: nestjs-cache-infra dashboard [options]

Serves the dashboard of a running application on this machine, read-only. It shows what the instances publish in Redis
(CacheInfraModule with Redis and monitoring). Changes nothing.

${applicationHelp}
  --port <n>           the port (default: 0, a free one)
  --host <host>        a loopback address: 127.0.0.1, ::1 or localhost (default: 127.0.0.1)
  --values             shows the value of a key, which may be personal data
  --open               opens the page in a browser
  --config, --env      as for check

Exit code: 0 when ended by Ctrl-C or SIGTERM; 1 when Redis does not answer at the start, or the port is in use.`;
