const url =
  /^([a-z][a-z0-9+.-]*:\/\/|(?!.*:\/\/))(?:(.*)@)?(\[[0-9a-f:.]+\]|[^:/?#@\s[\]]+)(:\d+)?(\/\d*)?(.*)$/i;

/**
 * Formats a URL or a `host:port` for messages: scheme, host, port and database number. Credentials become `***`, as do
 * parts that may contain credentials (a query, a malformed URL).
 */
export function redactUrl(text: string): string {
  const match = url.exec(text);
  const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.exec(text)?.[0] ?? '';
  if (match === null) return `${scheme}***`;
  const [, , credentials, host = '', port = '', path = '', rest = ''] = match;
  // 'host?password=a@b' reads like credentials 'host?password=a' at host 'b'.
  if (rest.includes('@') || /[/?#]/.test(credentials ?? '')) return `${scheme}***`;
  return `${scheme}${credentials === undefined ? '' : '***@'}${host}${port}${path}${rest === '' ? '' : '***'}`;
}

/** Formats a value for messages: short, with credentials removed. */
export function describeValue(value: unknown): string {
  if (typeof value === 'string') {
    if (/:\/\/|@/.test(value)) return JSON.stringify(redactUrl(value));
    return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
  }
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object';
  return typeof value === 'bigint' ? `${value}n` : String(value);
}

/** Removes the credentials of URLs from a text such as a third-party error message. */
export function withoutCredentials(text: string): string {
  return text.replaceAll(/(\b[a-z][a-z\d+.-]*:\/\/)[^\s"'`]*@/gi, '$1***@');
}
