import type { Environment } from './misspelt-variables.js';

/**
 * Whether the environment wants colours; undefined = it does not say. `FORCE_COLOR` wins over `NO_COLOR`
 * (https://no-color.org), as in Node.
 */
export function wantsColours(env: Environment = process.env): boolean | undefined {
  const force = env['FORCE_COLOR'];
  if (force !== undefined) return force !== '0' && force !== 'false';
  const no = env['NO_COLOR'];
  if (no !== undefined && no !== '') return false;
  return env['TERM'] === 'dumb' ? false : undefined;
}
