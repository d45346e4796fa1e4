import { sha256 } from '../../../keys/digest.js';
import { urlKey, type UrlParts } from './http-key.js';

/** Which stored responses a write invalidates: all of its path, whatever their query, or those of its very URL. */
export type InvalidationScope = 'path' | 'url';

/** Which paths the router of an application takes for one. */
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

/** One text for paths that lead to one route with equal parameters: handlers get parameters without percent-encoding. */
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
