import { sha256 } from '../../../keys/digest.js';
import { urlKey } from './http-key.js';

/** The primary key of a request (RFC 9111 §2), without the selecting fields. */
export interface PrimaryKey {
  readonly text: string;
  /** The digest of the key that `Cache-Status` shows, since URLs may contain secrets. */
  readonly digest: string;
}

interface RouteKey extends PrimaryKey {
  readonly origin: string | undefined;
}

/** Bounds of the memo per route, since clients choose the URLs: number of keys, length of a key. */
const maxUrls = 200;
const maxLength = 300;

/** @param name the URL or the result of the route's `key`, with the route's id */
export function primaryKey(name: string): PrimaryKey {
  return { text: name, digest: sha256(name).slice(0, 16) };
}

/** Memoizes the primary keys of one route. */
export class RouteKeys {
  readonly #routeId: string;
  readonly #known = new Map<string, RouteKey>();

  constructor(routeId: string) {
    this.#routeId = routeId;
  }

  /** `origin`: undefined = any; `target`: path and query. */
  of(origin: string | undefined, target: string): RouteKey {
    const known = this.#known.get(target);
    if (known !== undefined && known.origin === origin) return known;
    const url = urlKey({ origin, target });
    const made = { ...primaryKey(`${url} ${this.#routeId}`), origin };
    if (made.text.length > maxLength) return made;
    if (this.#known.size >= maxUrls) this.#known.clear();
    this.#known.set(target, made);
    return made;
  }
}
