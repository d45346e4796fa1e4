import { CacheTimeoutError, InfrastructureError } from '../../base/errors.js';
import { withoutCredentials } from '../../base/redact.js';

/** The kind of a failure of Redis, or of the connection to it. */
export type RedisErrorKind =
  | 'timeout'
  | 'connection'
  | 'loading'
  | 'readonly'
  | 'oom'
  | 'auth'
  | 'permission'
  | 'wrongtype'
  | 'crossslot'
  | 'moved'
  | 'clusterdown'
  | 'busy'
  | 'upstream'
  | 'unsupported'
  | 'arguments'
  | 'other';

/**
 * First words of Redis's error replies (https://redis.io/docs/latest/develop/reference/protocol-spec/#simple-errors).
 */
const replies: readonly (readonly [RegExp, RedisErrorKind])[] = [
  [/^LOADING\b/, 'loading'],
  [/^(READONLY|NOREPLICAS|MISCONF)\b/, 'readonly'],
  [/^BUSY\b/, 'busy'],
  // Errors of proxies and of servers without a free connection
  // (https://redis.io/docs/latest/develop/reference/clients/).
  [/max number of clients|upstream|no healthy|backend|server (is )?(unavailable|overloaded)/i, 'upstream'],
  [/^OOM\b/, 'oom'],
  [/^(NOAUTH|WRONGPASS)\b/, 'auth'],
  [/^NOPERM\b|ACL failure in script|user executing the script can't/, 'permission'],
  [/^WRONGTYPE\b/, 'wrongtype'],
  [/^CROSSSLOT\b/, 'crossslot'],
  [/^(MOVED|ASK|TRYAGAIN)\b/, 'moved'],
  [/^(CLUSTERDOWN|MASTERDOWN)\b|Too many Cluster redirections/, 'clusterdown'],
  [/unknown (sub)?command|is not supported|command is disabled/i, 'unsupported'],
  [/wrong number of arguments|syntax error|not an integer|not a valid float/i, 'arguments'],
  [/Protocol error|exceeds maximum allowed|invalid expire/i, 'arguments'],
  // A user's client may have a `commandTimeout`.
  [/^Command timed out$/, 'timeout'],
  [/ECONN|EPIPE|ETIMEDOUT|EHOST|ENET|ENOTFOUND|EAI_AGAIN|socket|Stream isn't/i, 'connection'],
  [/Connection is closed|closed the connection|Failed to refresh slots/i, 'connection'],
  [/None of startup nodes|Reached the max retries/i, 'connection'],
];

export function errorKindOf(error: unknown): RedisErrorKind {
  if (error instanceof CacheTimeoutError) return 'timeout';
  const message = error instanceof Error ? error.message : String(error);
  for (const [pattern, kind] of replies) if (pattern.test(message)) return kind;
  return 'other';
}

/** True when Redis as a whole is out of service, and not just one command. */
export function isOutage(kind: RedisErrorKind): boolean {
  return outages.has(kind);
}

const outages: ReadonlySet<RedisErrorKind> = new Set([
  'timeout',
  'connection',
  'loading',
  'clusterdown',
  'busy',
  'upstream',
]);

/** True when Redis would refuse the same command again. Failures of any other kind, and unknown ones, may pass. */
export function isFinal(kind: RedisErrorKind): boolean {
  return kind === 'permission' || kind === 'unsupported' || kind === 'arguments' || kind === 'crossslot';
}

/** True when the same command may succeed later, on this connection or on a new one. */
export function isTemporary(kind: RedisErrorKind): boolean {
  return isOutage(kind) || kind === 'readonly' || kind === 'auth' || kind === 'moved';
}

/**
 * The error for a failed command, with its kind in `details.kind`. The message names the command and omits its
 * arguments: they may be secret.
 */
export function commandFailure(what: string, error: unknown): InfrastructureError {
  if (error instanceof InfrastructureError) return error;
  // Errors of ioredis carry the whole command with keys and values, which loggers print.
  if (error instanceof Error && 'command' in error) delete error.command;
  const message = withoutCredentials(error instanceof Error ? error.message : String(error));
  return new InfrastructureError(`Redis command failed (${what}): ${message}`, {
    cause: error,
    details: { kind: errorKindOf(error) },
  });
}

/** The kind of a failure, whether it came through the executor or not. */
export function failureKind(error: unknown): RedisErrorKind {
  const kind = error instanceof InfrastructureError ? error.details['kind'] : undefined;
  return (kind as RedisErrorKind | undefined) ?? errorKindOf(error);
}
