import { edgeTag, tagOfAll, tagOfMany } from './edge-tag.js';
import type { Fields, FieldValue } from './header-fields.js';

/** How responses name their tags to a CDN. */
export interface EdgeTagSettings {
  /** Names of the response headers that hold the edge tags. */
  readonly headers: readonly string[];
  /** Keeps the tags of applications apart that share a CDN. */
  readonly prefix: string | undefined;
  /** Most edge tags of one response. */
  readonly maxTags: number;
}

/** Headers whose members are separated by spaces: of Fastly, and of Varnish. Every other CDN reads commas. */
const spaced: ReadonlySet<string> = new Set(['surrogate-key', 'xkey']);

/** Most bytes of a header: Fastly's limit of 16,384 and Cloudflare's of 16 KB. */
const maxFieldBytes = 16_384;

/**
 * The headers with the edge tags of a response, by lower-case name. A header that the handler set keeps its members,
 * and gets these in addition.
 *
 * `tags`: undefined = unknown. A response with unknown tags, with more than `maxTags`, or with more than 16,384 bytes
 * of them gets the edge tag that every purge includes: a CDN ignores the tags beyond its limit, and would keep the
 * response after a purge of one of them.
 */
export function edgeFields(
  tags: readonly string[] | undefined,
  { headers, prefix, maxTags }: EdgeTagSettings,
  fields: Fields,
): Record<string, string> {
  const few = [tagOfAll(prefix), tagOfMany(prefix)];
  const all = tags && [tagOfAll(prefix), ...new Set(tags.map((tag) => edgeTag(tag, prefix)))];
  const made = headers.map((header): [string, string] => {
    const name = header.toLowerCase();
    const own = ownMembers(fields[name], name);
    const whole = all && joined([...own, ...all], name);
    const fits =
      whole !== undefined && own.length + (all?.length ?? 0) <= maxTags && whole.length <= maxFieldBytes;
    return [name, fits ? whole : joined([...own, ...few], name)];
  });
  return Object.fromEntries(made);
}

function ownMembers(value: FieldValue | undefined, name: string): readonly string[] {
  const lines = value === undefined ? [] : [value].flat().map(String);
  // A key of Fastly may contain a comma.
  const separator = spaced.has(name) ? /\s+/ : /\s*,\s*/;
  return lines.flatMap((line) => line.trim().split(separator)).filter((member) => member !== '');
}

function joined(members: readonly string[], name: string): string {
  return [...new Set(members)].join(spaced.has(name) ? ' ' : ',');
}
