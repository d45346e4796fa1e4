import { script } from './scripts.js';

/**
 * Grants the lease of a lock, unless another holder has it. The lock is a hash:
 *
 * - `h`, `u`: the holder, and the end of the lease by the server's clock, milliseconds.
 * - `t`: the last token.
 *
 * The token is a fencing token (M. Kleppmann, "How to do distributed locking", 2016): the next number after the last
 * one, or the server's clock in microseconds if that is later. So tokens grow after the hash was lost, too, by an
 * eviction, a restart without a dump, or a flush.
 *
 * KEYS[1] = the lock.
 * ARGV[1] = the holder.
 * ARGV[2] = the milliseconds that the lease lasts.
 * ARGV[3] = the milliseconds that the last token is kept after the lease.
 *
 * Returns { token, 0 }, or { '', the milliseconds until the lease of the other holder ends }.
 */
export const acquireLeaseScript = script(`
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local lock = redis.call('HMGET', KEYS[1], 'h', 'u', 't')
if lock[1] and tonumber(lock[2]) > now then return { '', tonumber(lock[2]) - now } end
local clock = time[1] * 1000000 + time[2]
local token = string.format('%.0f', math.max(clock, (tonumber(lock[3]) or 0) + 1))
redis.call('HSET', KEYS[1], 'h', ARGV[1], 'u', string.format('%.0f', now + ARGV[2]), 't', token)
redis.call('PEXPIRE', KEYS[1], string.format('%.0f', ARGV[2] + ARGV[3]))
return { token, 0 }
`);

/**
 * Renews the lease of a lock. A lease that has ended is renewed, too, unless another holder got it since.
 *
 * KEYS and ARGV as for `acquireLeaseScript`.
 *
 * Returns 1, or 0 when the lease is lost.
 */
export const renewLeaseScript = script(`
if redis.call('HGET', KEYS[1], 'h') ~= ARGV[1] then return 0 end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('HSET', KEYS[1], 'u', string.format('%.0f', now + ARGV[2]))
redis.call('PEXPIRE', KEYS[1], string.format('%.0f', ARGV[2] + ARGV[3]))
return 1
`);

/**
 * Ends the lease of a lock, if the holder still has it.
 *
 * KEYS[1] = the lock.
 * ARGV[1] = the holder.
 * ARGV[2] = the milliseconds that the last token is kept.
 *
 * Returns 1, or 0 when the lease was lost.
 */
export const releaseLeaseScript = script(`
if redis.call('HGET', KEYS[1], 'h') ~= ARGV[1] then return 0 end
redis.call('HDEL', KEYS[1], 'h', 'u')
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
`);
