import { durationMs, durationProblem, type Ttl } from './duration.js';
import type { ValidationProblem } from './errors.js';
import { ValidationError } from './errors.js';
import { describeValue, redactUrl } from './redact.js';

/** Returns `undefined` for a valid value, else the problem as text to follow the option's name. */
export type Check = (value: unknown) => string | undefined;

/** A check of a composite value: each problem carries the path of its part. */
export interface NestedCheck {
  problems(path: string, value: unknown): readonly ValidationProblem[];
  /** The names of the options of a group: a message about a misplaced one says where it belongs. */
  readonly names?: readonly string[];
}

export type Checks = Readonly<Record<string, Check | NestedCheck>>;

/** Whole seconds, or a string with a unit. */
export const duration: Check = durationProblem;

/** A time-out: a duration above 0. */
export const timeout: Check = (value) =>
  duration(value) ?? (durationMs(value as Ttl) > 0 ? undefined : 'must be longer than 0');

export const nonNegativeInteger: Check = (value) =>
  Number.isSafeInteger(value) && (value as number) >= 0 ? undefined : 'must be a non-negative integer';

export const positiveInteger: Check = (value) =>
  Number.isSafeInteger(value) && (value as number) > 0 ? undefined : 'must be a positive integer';

/** The latest version of values that an entry can carry. */
export const latestVersion = 2 ** 32 - 1;

/** A version of the shape of values. */
export const valueVersion: Check = (value) =>
  Number.isInteger(value) && (value as number) > 0 && (value as number) <= latestVersion
    ? undefined
    : 'must be a whole number from 1';

/**
 * Maximum entries of an in-memory cache. In a JavaScript `Map` beyond 2²³ entries, continual deletion and insertion
 * fails.
 */
export const mostEntries = 2 ** 23;

/** Entries in memory. Memory for all of them is allocated at once. */
export const entriesInMemory: Check = (value) => {
  const problem = positiveInteger(value);
  if (problem !== undefined) return problem;
  return (value as number) <= mostEntries ? undefined : `must not exceed ${String(mostEntries)} entries`;
};

export const positiveNumber: Check = (value) =>
  typeof value === 'number' && Number.isFinite(value) && value > 0 ? undefined : 'must be a number above 0';

export const integerBetween =
  (min: number, max: number): Check =>
  (value) =>
    Number.isInteger(value) && (value as number) >= min && (value as number) <= max
      ? undefined
      : `must be an integer from ${min} to ${max}`;

export const fraction: Check = (value) =>
  typeof value === 'number' && value >= 0 && value <= 1 ? undefined : 'must be a number from 0 to 1';

/** A fraction between 0 and 1, both excluded. */
export const properFraction: Check = (value) =>
  typeof value === 'number' && value > 0 && value < 1 ? undefined : 'must be a number between 0 and 1';

export const booleanValue: Check = (value) =>
  typeof value === 'boolean' ? undefined : 'must be true or false';

export const stringValue: Check = (value) => (typeof value === 'string' ? undefined : 'must be a string');

export const nonEmptyString: Check = (value) =>
  stringValue(value) ?? (value === '' ? 'cannot be empty' : undefined);

export const functionValue: Check = (value) =>
  typeof value === 'function' ? undefined : 'must be a function';

export const objectValue: Check = (value) => (isObject(value) ? undefined : 'must be an object');

/** An object, or a class instance, that has these methods. */
export const objectWith =
  (...methods: readonly string[]): Check =>
  (value) =>
    isObject(value) && methods.every((name) => typeof value[name] === 'function')
      ? undefined
      : `must be an object with ${methods.map((name) => `${name}()`).join(' and ')}`;

export const oneOf = (...allowed: readonly string[]): Check => {
  const words = `must be one of ${allowed.map((word) => `'${word}'`).join(', ')}`;
  return (value) => {
    if (typeof value === 'string' && allowed.includes(value)) return undefined;
    return `${words}${didYouMean(value, allowed)}`;
  };
};

/** Checks the form of a URL, not its port: the connection reports an unreachable port such as 99999. */
export const redisUrl: Check = (value) => {
  const problem = nonEmptyString(value);
  if (problem !== undefined) return problem;
  const [scheme, rest] = splitScheme(value as string);
  if (scheme === 'unix') {
    if (!rest.includes('/')) return 'must include the path of the socket';
    return isPercentEncoded(rest) ? undefined : "must be percent-encoded: a '%' of its own is '%25'";
  }
  if (scheme !== 'redis' && scheme !== 'rediss') {
    return "must start with 'redis://' or 'rediss://' (or 'unix://' for a socket)";
  }
  const [, address = '', path = ''] = /^(?:[^@/?#]*@)?([^@/?#]*)(?:\/([^?#]*))?/.exec(
    rest,
  ) as RegExpExecArray;
  if (address === '' || address.startsWith(':')) return 'must include host information';
  if (rest.split('@').length > 2 || !/^(\[[0-9a-f:.]+\]|[^:\s[\]]+)(:\d+)?$/i.test(address)) {
    return 'must have the form redis://[user:password@]host[:port][/database], special characters percent-encoded';
  }
  if (!isPercentEncoded(rest)) return "must have its password percent-encoded: a '%' of its own is '%25'";
  return /^\d*$/.test(path) ? undefined : 'must name its database by a number';
};

function isPercentEncoded(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

function splitScheme(text: string): [scheme: string, rest: string] {
  const at = text.indexOf('://');
  return at === -1 ? ['', text] : [text.slice(0, at).toLowerCase(), text.slice(at + 3)];
}

/** A ttl per operation name. */
export const operationTtls: NestedCheck = {
  problems(path, value) {
    if (!isPlainObject(value))
      return [problem(path, 'must be a dictionary of operation names to seconds or durations', value)];
    return Object.entries(value).flatMap(([operation, ttl]) => {
      if (operation.trim() === '') return [problem(path, 'keys must be non-empty strings', operation)];
      const at = `${path}.${operation}`;
      return problemsAt(
        at,
        ttl,
        (it) => (typeof it === 'string' ? undefined : nonNegativeInteger(it)) ?? duration(it),
      );
    });
  },
};

/** Checks an object property by property; accepts an object for which `isOpaque` returns true as it is. */
export function nested(checks: Checks, isOpaque: (value: object) => boolean = () => false): NestedCheck {
  return {
    problems(path, value) {
      if (!isObject(value)) return [problem(path, 'must be an object', value)];
      return isOpaque(value) ? [] : optionProblems(value, checks, [], `${path}.`);
    },
  };
}

/** Checks a group of options. One of them beside the group is refused with a message that names the group. */
export function group(checks: Checks): NestedCheck {
  return { ...nested(checks), names: Object.keys(checks) };
}

/** The name or IP address of a server. Messages omit the value: a URL passed as a host may contain a password. */
export const hostName: NestedCheck = {
  problems(path, value) {
    if (typeof value !== 'string' || value === '') return problemsAt(path, value, nonEmptyString);
    const words = hostProblem(value);
    return words === undefined ? [] : [{ path, message: `${path} ${words}` }];
  },
};

function hostProblem(host: string): string | undefined {
  if (/[/@?#\s]/.test(host)) {
    return "must be a host name or an IP address, without scheme, credentials or path (did you mean 'url'?)";
  }
  // An IPv6 address has at least two colons.
  if (/^[^:]*:[^:]*$/.test(host))
    return "must be a host name or an IP address alone: its port is the option 'port'";
  return undefined;
}

/** The path of a socket. Messages omit a URL passed as a path, which may contain a password. */
export const socketPath: NestedCheck = {
  problems(path, value) {
    if (typeof value !== 'string' || !value.includes('://')) return problemsAt(path, value, nonEmptyString);
    return [{ path, message: `${path} must be the path of a socket, not a URL (did you mean 'url'?)` }];
  },
};

const nodeChecks: Checks = { host: hostName, port: integerBetween(1, 65_535) };

/** Redis nodes: `[{ host: '10.0.0.1', port: 6379 }]`. */
export const nodeList: NestedCheck = {
  problems(path, value) {
    if (!Array.isArray(value) || value.length === 0) {
      return [problem(path, 'must be a non-empty array of { host, port }', value)];
    }
    return value.flatMap((node: unknown, i) => {
      const at = `${path}[${String(i)}]`;
      if (!isObject(node)) return [problem(at, 'must be { host, port }', node)];
      return optionProblems(node, nodeChecks, ['host'], `${at}.`);
    });
  },
};

/** The problems of one value. */
export function problemsAt(
  path: string,
  value: unknown,
  check: Check | NestedCheck,
): readonly ValidationProblem[] {
  if (typeof check !== 'function') return check.problems(path, value);
  const words = check(value);
  return words === undefined ? [] : [problem(path, words, value)];
}

/** The problems of `options`: invalid values, unknown names, missing names. `undefined` counts as missing. */
export function optionProblems(
  options: unknown,
  checks: Checks,
  required: readonly string[] = [],
  prefix = '',
): readonly ValidationProblem[] {
  if (!isObject(options)) return [problem(`${prefix}options`, 'must be an object', options)];
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const found = given.flatMap(([name, value]) => {
    const check = Object.hasOwn(checks, name) ? checks[name] : undefined;
    if (check === undefined) return [unknownOption(prefix, name, Object.keys(checks), groupsOf(checks))];
    return problemsAt(`${prefix}${name}`, value, check);
  });
  const missing = required.filter((name) => options[name] === undefined);
  return [
    ...missing.map((name) => ({ path: `${prefix}${name}`, message: `${prefix}${name} is required` })),
    ...found,
  ];
}

/**
 * Checks an options object.
 *
 * @throws ValidationError that lists every problem, each with its path
 */
export function assertOptions(
  subject: string,
  options: unknown,
  checks: Checks,
  required: readonly string[] = [],
): void {
  const problems = optionProblems(options, checks, required);
  if (problems.length > 0) throw new ValidationError(problems, subject);
}

/** A group, and the names of its options. */
type Group = readonly [group: string, names: readonly string[]];

function groupsOf(checks: Checks): readonly Group[] {
  return Object.entries(checks).flatMap(([name, check]) =>
    typeof check === 'function' || check.names === undefined ? [] : [[name, check.names] as const],
  );
}

/** The problem of a name without a check. */
export function unknownOption(
  prefix: string,
  name: string,
  known: readonly string[],
  groups: readonly Group[] = [],
): ValidationProblem {
  const path = `${prefix}${name}`;
  const [home] = groups.find(([, names]) => names.includes(name)) ?? [];
  if (home !== undefined) {
    return { path, message: `${path} stands under ${home}: { ${home}: { ${name}: ... } }` };
  }
  const words = didYouMean(name, known) || insideGroup(name, groups) || elsewhere(name, known);
  return { path, message: `${path} is not a known option${words}` };
}

/** A hint for a misspelt option of a group. */
function insideGroup(name: string, groups: readonly Group[]): string {
  const [found] = groups.flatMap(([group, names]) => {
    const near = nearestOf(name, names);
    return near === undefined ? [] : [` (did you mean '${group}: { ${near} }'?)`];
  });
  return found ?? '';
}

/** A hint for options that other cache libraries expect elsewhere. */
function elsewhere(name: string, known: readonly string[]): string {
  if (!known.includes('redis')) return '';
  if (ofServer.has(name)) return ` (did you mean 'redis: { ${name} }'?)`;
  return ofStores.has(name)
    ? " (did you mean 'redisUrl' or 'redis'? An L1 stands before Redis by itself)"
    : '';
}

const ofServer: ReadonlySet<string> = new Set([
  ...['host', 'port', 'path', 'username', 'password', 'db', 'tls'],
  ...['sentinels', 'sentinelName', 'sentinelUsername', 'sentinelPassword', 'nodes'],
]);
const ofStores: ReadonlySet<string> = new Set(['store', 'stores', 'client', 'connection', 'socket']);

const secret = /(password|passphrase|username|secret|token|credentials?)$/i;

/** A problem whose message shows the value, unless it may be a secret. */
export function problem(path: string, words: string, value: unknown): ValidationProblem {
  if (secret.test(path) || value === '') return { path, message: `${path} ${words}` };
  const isUrl = typeof value === 'string' && /url$/i.test(path);
  const got = isUrl ? JSON.stringify(redactUrl(value)) : describeValue(value);
  return { path, message: `${path} ${words}, got ${got}` };
}

/** Option names of other cache libraries, with ours. */
const otherNames: ReadonlyMap<string, readonly string[]> = new Map([
  ['ttl', ['defaultTtl']],
  ['max', ['maxSize', 'l1CacheSize']],
  ['size', ['maxSize', 'l1CacheSize']],
  ['maxsize', ['l1CacheSize']],
  ['l1cachesize', ['maxSize']],
  ['url', ['redisUrl']],
]);

/** `" (did you mean 'defaultTtl'?)"`, or an empty string when no name is close. */
export function didYouMean(word: unknown, known: readonly string[]): string {
  if (typeof word !== 'string') return '';
  const lower = word.toLowerCase();
  const other = otherNames.get(lower)?.find((name) => known.includes(name));
  const name = other ?? nearestOf(lower, known);
  return name === undefined ? '' : ` (did you mean '${name}'?)`;
}

/**
 * The name with the smallest edit distance to `word`, ignoring case: at most `most`, and at most a third of its length.
 */
export function nearestOf(word: string, known: readonly string[], most = Infinity): string | undefined {
  const lower = word.toLowerCase();
  const [nearest] = known
    .map((name) => ({ name, distance: editDistance(lower, name.toLowerCase()) }))
    .filter(({ name, distance }) => distance <= Math.min(most, Math.max(1, Math.floor(name.length / 3))))
    .sort((a, b) => a.distance - b.distance);
  return nearest?.name;
}

/** Levenshtein distance. */
function editDistance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 8) return Infinity;
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (!isObject(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}
