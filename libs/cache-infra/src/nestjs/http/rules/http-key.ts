/** The parts of a URL that identify it. */
export interface UrlParts {
  /** `https://example.com:8443`; undefined = any. */
  readonly origin: string | undefined;
  /** Path and query, as in the request line. */
  readonly target: string;
}

/**
 * The primary key of a response to GET (RFC 9111 §2): its URL, with query parameters sorted by name. Parameters that a
 * parser may combine, such as `a`, `a[]` and `a[b]`, keep their order. Unnecessary percent-encoding is removed (RFC
 * 3986 §6.2.2), so a write to `/%61` invalidates `/a`.
 */
export function urlKey({ origin = '', target }: UrlParts): string {
  if (!/[?%#]/.test(target)) return `GET ${origin}${target}`;
  const [path, query = ''] = split(normalized(target.split('#', 1)[0] ?? ''), '?');
  const parameters = query
    .split('&')
    .filter((parameter) => parameter !== '')
    .map((parameter) => ({ parameter, name: rootName(parameter) }))
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
    .map(({ parameter }) => parameter);
  return `GET ${origin}${path}${parameters.length === 0 ? '' : `?${parameters.join('&')}`}`;
}

/** The path and query of a `Location` or `Content-Location` on the same host (RFC 9111 §4.4). */
export function relatedTarget(
  location: string | undefined,
  origin: string,
  target: string,
): string | undefined {
  if (location === undefined) return undefined;
  try {
    const base = new URL(target, origin);
    const url = new URL(location, base);
    const isSame = url.protocol === base.protocol && url.host === base.host;
    return isSame ? `${url.pathname}${url.search}` : undefined;
  } catch {
    return undefined;
  }
}

/** Normalizes percent-encodings (RFC 3986 §6.2.2.1, §6.2.2.2). */
function normalized(target: string): string {
  return target.replaceAll(/%[\da-f]{2}/gi, (encoded) => {
    const character = String.fromCharCode(Number.parseInt(encoded.slice(1), 16));
    return /[\w.~-]/.test(character) ? character : encoded.toUpperCase();
  });
}

function rootName(parameter: string): string {
  const [name] = split(parameter, '=');
  return decoded(name).split(/[.[]/, 1)[0] ?? '';
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}

function split(text: string, separator: string): [string, string?] {
  const at = text.indexOf(separator);
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}
