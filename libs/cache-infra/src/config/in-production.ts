import type { Environment } from './environment.js';

/** True with `NODE_ENV=production`. */
export function inProduction(env: Environment = process.env): boolean {
  return env['NODE_ENV'] === 'production';
}
