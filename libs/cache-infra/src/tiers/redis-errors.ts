import { CacheTimeoutError, InfrastructureError } from '../errors.js';

/** What kind of trouble Redis, or the way to it, is in. */
export type RedisErrorKind =
  | 'timeout'
  | 'connection'
  | 'loading'
  | 'readonly'
  | 'oom'
  | 'auth'
  | 'wrongtype'
  | 'crossslot'
  | 'moved'
  | 'clusterdown'
  | 'other';

/** First words of Redis's error replies (https://redis.io/docs/latest/develop/reference/protocol-spec/#simple-errors). */
const replies: readonly (readonly [RegExp, RedisErrorKind])[] = [
  [/^LOADING\b/, 'loading'],
  [/^(READONLY|NOREPLICAS|MISCONF)\b/, 'readonly'],
  [/^OOM\b/, 'oom'],
  [/^(NOAUTH|WRONGPASS|NOPERM)\b/, 'auth'],
  [/^WRONGTYPE\b/, 'wrongtype'],
  [/^CROSSSLOT\b/, 'crossslot'],
  [/^(MOVED|ASK|TRYAGAIN)\b/, 'moved'],
  [/^(CLUSTERDOWN|MASTERDOWN)\b/, 'clusterdown'],
  [
    /ECONN|EPIPE|ETIMEDOUT|EHOST|ENET|ENOTFOUND|EAI_AGAIN|socket|Stream isn't|Connection is closed|closed the connection|Failed to refresh slots/i,
    'connection',
  ],
];

export function kindOf(error: unknown): RedisErrorKind {
  if (error instanceof CacheTimeoutError) return 'timeout';
  const message = error instanceof Error ? error.message : String(error);
  for (const [pattern, kind] of replies) if (pattern.test(message)) return kind;
  return 'other';
}

/** True when Redis as a whole is out of service, not just this one command. */
export function isOutage(kind: RedisErrorKind): boolean {
  return kind === 'timeout' || kind === 'connection' || kind === 'loading' || kind === 'clusterdown';
}

/** A failed command, with its kind in `details.kind`. ioredis's errors name commands, not their arguments; ours too. */
export function commandFailure(what: string, error: unknown): InfrastructureError {
  if (error instanceof InfrastructureError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new InfrastructureError(`Redis command failed (${what}): ${message}`, {
    cause: error,
    details: { kind: kindOf(error) },
  });
}

/** The kind of a failure that came through the gate. */
export function failureKind(error: unknown): RedisErrorKind {
  const kind = error instanceof InfrastructureError ? error.details['kind'] : undefined;
  return (kind as RedisErrorKind | undefined) ?? kindOf(error);
}
