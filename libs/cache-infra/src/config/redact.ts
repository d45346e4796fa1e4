import { redactUrl } from '../base/redact.js';

export { redactUrl };

const secrets = /^(username|password|sentinelUsername|sentinelPassword|tls|encryption)$/;

/** Options as they may be shown: set values only, URLs without credentials, secrets as `***`. */
export function withoutSecrets(options: object): Record<string, unknown> {
  const set = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(set.map(([name, value]) => [name, shown(name, value)]));
}

function shown(name: string, value: unknown): unknown {
  if (secrets.test(name)) return '***';
  // A URL may stand where a host or a name belongs.
  if (typeof value === 'string')
    return /url$/i.test(name) || /:\/\/|@/.test(value) ? redactUrl(value) : value;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => shown(name, item));
  // A client or a monitor says who it is, no more: what it holds is its own.
  const made = Object.getPrototypeOf(value) as object | null;
  if (made !== Object.prototype && made !== null) return `[${value.constructor.name}]`;
  return withoutSecrets(value);
}
