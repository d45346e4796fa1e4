import { isIP } from 'node:net';

import type { DashboardAudit } from '../dashboard-handler.js';

/** Most characters of a text in the line. */
const longest = 200;

/** Tells who invalidated what. Holds no value; texts are quoted, so that they cannot forge a line. */
export function auditLine({ who, ip = '', target, removed, failed }: DashboardAudit): string {
  const { cache, namespaces = [] } = target;
  const place = [cache, ...namespaces].map(quoted).join(' / ');
  const what = `${target.kind} ${quoted(textOf(target))} of cache ${place}`;
  const count = removed === null ? '' : `, ${String(removed)} removed`;
  const by = who === undefined ? 'an unnamed user' : quoted(who);
  // Behind a trusted proxy the address is a text of the client.
  const from = isIP(ip) === 0 ? quoted(ip) : ip;
  return `${failed ? 'failed to invalidate' : 'invalidated'} ${what}${count}; by ${by} from ${from}`;
}

function textOf(target: DashboardAudit['target']): string {
  switch (target.kind) {
    case 'key':
      return target.key;
    case 'tag':
      return target.tag;
    case 'group':
      return target.group;
    case 'pattern':
      return target.pattern;
  }
}

/** Control characters and line separators are escaped. */
function quoted(text: string): string {
  const short = text.length > longest ? `${text.slice(0, longest)}…` : text;
  return JSON.stringify(short).replace(
    /[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g,
    (it) => `\\u${it.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
