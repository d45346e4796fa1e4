import { sha256 } from '../../../keys/digest.js';
import { urlKey, type UrlParts } from './http-key.js';

/** The responses that a write invalidates: of its path with any query, or of its exact URL. */
export type InvalidationScope = 'path' | 'url';

/** The path differences that the application's router ignores. */
export interface PathRules {
  readonly ignoresCase: boolean;
  readonly ignoresTrailingSlash: boolean;
  readonly ignoresDuplicateSlashes: boolean;
  readonly endsPathAtSemicolon: boolean;
}

/** The tag of every stored response of a URL, or of a path with any query. */
export function urlTag(scope: InvalidationScope, url: UrlParts, rules: PathRules): string {
  const [path, query] = parted(urlKey(url), '?');
  const folded = foldedPath(path, rules);
  return `${scope}:${sha256(scope === 'path' || query === undefined ? folded : `${folded}?${query}`)}`;
}

/** One string for all paths of the same route and parameters: handlers receive decoded parameters. */
function foldedPath(path: string, rules: PathRules): string {
  let folded = decoded(path);
  if (rules.endsPathAtSemicolon) folded = folded.split(';', 1)[0] ?? '';
  if (rules.ignoresCase) folded = folded.toLowerCase();
  if (rules.ignoresDuplicateSlashes) folded = folded.replaceAll(/(?<!:)\/{2,}/g, '/');
  if (rules.ignoresTrailingSlash) folded = folded.replace(/\/$/, '');
  return folded;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function parted(text: string, separator: string): [string, string?] {
  const at = text.indexOf(separator);
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}
