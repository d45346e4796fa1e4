import type { Fields } from './header-fields.js';

/**
 * The request fields that users identify themselves by: those that RFC 9110 and RFC 6265 give them, and those that are used
 * for API keys and tokens everywhere.
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
