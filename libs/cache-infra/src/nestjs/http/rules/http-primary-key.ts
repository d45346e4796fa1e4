import { sha256 } from '../../../keys/digest.js';
import { urlKey } from './http-key.js';

/** What the responses to a request are stored by (RFC 9111 §2), before request fields tell them apart. */
export interface PrimaryKey {
  readonly text: string;
  /** It, as `Cache-Status` shows it: a digest, since URLs may hold secrets. */
  readonly digest: string;
}

interface RouteKey extends PrimaryKey {
  readonly origin: string | undefined;
}

/** URLs that each route remembers the keys of, and the longest key: clients choose both. */
const maxUrls = 200;
const maxLength = 300;

/** @param name a URL, or what the route says instead, and the route's id */
export function primaryKey(name: string): PrimaryKey {
  return { text: name, digest: sha256(name).slice(0, 16) };
}

/** The keys of one route. */
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
