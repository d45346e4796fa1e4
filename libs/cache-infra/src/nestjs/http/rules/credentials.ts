import type { Fields } from './header-fields.js';

/**
 * The request fields that identify users: the fields of RFC 9110 and RFC 6265, and the common fields for API keys and
 * tokens.
 */
export const credentials = [
  'authorization',
  'cookie',
  'proxy-authorization',
  'x-access-token',
  'x-api-key',
  'x-auth-token',
] as const;

export type Credential = (typeof credentials)[number];

export function hasCredentials(request: Fields): boolean {
  return credentials.some((name) => request[name] !== undefined);
}
