import { createHash } from 'node:crypto';
import { versionBytes } from '../../codec/entry-head.js';
import { stampErrorMs } from '../remote-tier.js';

/** A Lua script, which Redis runs as one atomic step, and the SHA-1 digest by which `EVALSHA` names it. */
export interface RedisScript {
  readonly lua: string;
  readonly sha1: string;
}

/** The digest is made when it is first asked for: an import of the library alone hashes nothing. */
export function script(lua: string): RedisScript {
  let sha1: string | undefined;
  return {
    lua,
    get sha1() {
      return (sha1 ??= createHash('sha1').update(lua).digest('hex'));
    },
  };
}

/** A Lua function. `milliseconds()` returns Redis's time. */
const timeFunction = `
local function milliseconds()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
`;

/**
 * A Lua function. `stamp(ms)` returns a moment as tombstones and version ids carry it: six bytes, big-endian, so that
 * two stamps compare as text.
 */
const stampFunction = `
local function stamp(ms)
  local bytes = ''
  for _ = 1, 6 do
    bytes = string.char(ms % 256) .. bytes
    ms = math.floor(ms / 256)
  end
  return bytes
end
`;

/**
 * A Lua function. `leaveTrace(key, text, ms)` changes a tombstone without a delete: the moment of the delete that it
 * records stays, six zero bytes = none.
 */
const traceFunction = `
local function leaveTrace(key, text, ms)
  local deleted = redis.pcall('GET', key)
  local moment = type(deleted) == 'string' and string.sub(deleted, 1, 6) or string.rep(string.char(0), 6)
  redis.call('SET', key, moment .. text, 'PX', ms)
end
`;

/**
 * Lua functions. `version(key)` returns the version id of the entry at a key, '' = no entry; a second result is an
 * error. `versionIn(head)` returns the version id in the first bytes of an entry: ten bytes, the stamp and the nonce. A
 * binary entry has them in bytes 6-15, one in JSON as digits (`codec/json-entry.ts`). `versionIdOf` of
 * `codec/entry-head.ts` gives the same ids.
 */
const versionFunctions = `${stampFunction}
local function versionIn(head)
  local ms, nonce = string.match(head, '^{"at": *(%d+),"id":"(%x%x%x%x%x%x%x%x)"')
  if not ms or tonumber(ms) >= 281474976710656 then return string.sub(head, 7, 16) end
  local id = stamp(tonumber(ms))
  for at = 1, 7, 2 do id = id .. string.char(tonumber(string.sub(nonce, at, at + 1), 16)) end
  return id
end
local function version(key)
  local head = redis.pcall('GETRANGE', key, 0, ${versionBytes - 1})
  if type(head) == 'string' then return versionIn(head) end
  -- A value of another type is no entry: a load replaces it.
  if string.find(head.err, 'WRONGTYPE') then return '' end
  return nil, head
end
`;

/**
 * Reads the tag table, and invalidates tags.
 *
 * The table is a sorted set with one member per tag; the score is the epoch of the tag's last invalidation. The score
 * of the member `''` is the floor: invalidations before it are unknown, because the table was lost or its oldest tags
 * were evicted. The member `'!'` only keeps epochs growing. An epoch is the server's clock in microseconds. The script
 * raises it where needed, so that epochs never go back, even after a failover to a server with a slower clock.
 *
 * A caller that knows a later epoch than the table proves that the table has lost changes (a failover to a replica that
 * lagged, a restore from an older dump): the floor rises to that epoch. An epoch more than a day ahead of the server's
 * clock proves nothing, whether a caller or the table carries it. Otherwise one corrupt entry could invalidate all
 * others permanently.
 *
 * Each change is published with the epoch before it, so that a subscriber detects a gap. The table changes even when
 * the user may not publish.
 *
 * KEYS[1] = the table.
 * ARGV[1] = the epoch up to which the caller knows the table.
 * ARGV[2] = the epoch of an entry in Redis, 0 = none.
 * ARGV[3] = the latest epoch that the caller gave to its own invalidations during an outage, 0 = none.
 * ARGV[4] = the largest number of tags to keep.
 * ARGV[5] = '1' to create a missing table.
 * ARGV[6] = the channel.
 * ARGV[7] = the largest number of changes to return; changes of one epoch are never split.
 * ARGV[8..] = tags to invalidate.
 *
 * Returns { latest epoch (0 = no table), floor, '1' if this call created the table, the epoch before this call, the
 * epoch up to which the returned changes are complete, tag, epoch, tag, epoch, ... }: the changes since ARGV[1]. Epochs
 * are decimal text.
 */
export const tagTableScript = script(`
local function text(n) return string.format('%.0f', n) end
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local limit = now + 86400000000
local since, claim, ahead = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local top = redis.pcall('ZREVRANGE', KEYS[1], 0, 0, 'WITHSCORES')
local lost = since > limit
if top.err then
  if not string.find(top.err, 'WRONGTYPE') then return top end
  redis.call('UNLINK', KEYS[1])
  top, lost = {}, true
end
local before = top[2] and tonumber(top[2]) or 0
if before > limit then
  redis.call('UNLINK', KEYS[1])
  before, lost = 0, true
end
if since > limit then since = 0 end
if claim > limit then claim = 0 end
if ahead > limit then ahead = 0 end
local known = math.max(since, claim)
local invalidates = #ARGV > 7
local latest = before
local made = '0'
if before == 0 then
  local isNew = known == 0 and ahead == 0 and not lost
  if isNew and ARGV[5] == '0' and not invalidates then return { '0', '0', '0', '0', '0' } end
  latest = math.max(now, known + 1, ahead + 1)
  local added = redis.pcall('ZADD', KEYS[1], text(latest), '')
  if type(added) == 'table' then
    -- Redis is full. Without a table no invalidation is lost.
    if isNew and not invalidates and string.find(added.err, 'OOM') then return { '0', '0', '0', '0', '0' } end
    return added
  end
  if isNew then made = '1' end
elseif lost then
  latest = math.max(now, before + 1, claim)
  redis.call('ZADD', KEYS[1], text(latest), '')
elseif known > before then
  latest = known
  redis.call('ZADD', KEYS[1], text(latest), '')
end
if ahead > latest then
  latest = ahead
  redis.call('ZADD', KEYS[1], text(latest), '!')
end
local message = {}
if invalidates then
  latest = math.max(now, latest + 1)
  local bytes = 0
  for i = 8, #ARGV do
    redis.call('ZADD', KEYS[1], text(latest), ARGV[i])
    message[i - 4] = ARGV[i]
    bytes = bytes + #ARGV[i]
  end
  local excess = redis.call('ZCARD', KEYS[1]) - 2 - tonumber(ARGV[4])
  if excess > 0 then
    local popped = redis.call('ZPOPMIN', KEYS[1], excess + 1)
    redis.call('ZADD', KEYS[1], popped[#popped], '')
  end
  -- Too long for every subscriber: an unknown epoch makes them ask for the changes.
  if bytes > 32768 then message = { '0' } end
end
local floor = redis.call('ZSCORE', KEYS[1], '')
if not floor then
  floor = text(latest)
  redis.call('ZADD', KEYS[1], floor, '')
end
floor = text(tonumber(floor))
if latest > before then
  message[1], message[2], message[3] = message[1] or text(before), text(latest), floor
  redis.pcall('PUBLISH', ARGV[6], cjson.encode(message))
end
local page = tonumber(ARGV[7])
local changes = redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. text(since), '+inf', 'WITHSCORES', 'LIMIT', 0, page)
local upTo = latest
if page > 0 and #changes == 2 * page then
  local last = changes[#changes]
  while changes[#changes] == last do changes[#changes], changes[#changes - 1] = nil, nil end
  for _, each in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], last, last, 'WITHSCORES')) do
    changes[#changes + 1] = each
  end
  upTo = tonumber(last)
end
local reply = { text(latest), floor, made, text(before), text(upTo) }
for i = 1, #changes, 2 do
  if changes[i] ~= '' and changes[i] ~= '!' then
    reply[#reply + 1] = changes[i]
    reply[#reply + 1] = text(tonumber(changes[i + 1]))
  end
end
return reply
`);

/**
 * Stores entries, and removes the guards of their loads, whose values are older. An entry with a short life changes its
 * tombstone: a load that began before it must not find the key as it was once the entry has gone.
 *
 * With tracking, the server announces this change exactly once and announces later changes, too. A change ends the
 * tracking of its key, so the script reads the keys before and after it: no other command comes in between.
 *
 * The entries come first: once a script has written, a full Redis refuses none of its writes any more
 * (https://redis.io/docs/latest/develop/programmability/eval-intro/#script-flags).
 *
 * KEYS = the keys of the entries, then the guards, then the tombstones of those with a short life.
 * ARGV[1] = the deadline by the server's clock, milliseconds, 0 = none.
 * ARGV[2] = '1' to track the keys.
 * ARGV[3] = the number of entries.
 * ARGV[4] = the milliseconds that a tombstone is kept.
 * ARGV[5] = a text that no other tombstone has.
 * ARGV[6..] = for each entry its bytes and its milliseconds to live, 0 = never expires.
 *
 * Returns 1, or 0 when the deadline has passed: then nothing was stored.
 */
export const setScript = script(`${traceFunction}
if ARGV[1] ~= '0' then
  local time = redis.call('TIME')
  if time[1] * 1000 + math.floor(time[2] / 1000) > tonumber(ARGV[1]) then return 0 end
end
local count = tonumber(ARGV[3])
if ARGV[2] == '1' then redis.call('EXISTS', unpack(KEYS, 1, count)) end
for i = 1, count do
  local bytes, ttl = ARGV[2 * i + 4], ARGV[2 * i + 5]
  if ttl == '0' then redis.call('SET', KEYS[i], bytes)
  else redis.call('SET', KEYS[i], bytes, 'PX', ttl) end
end
redis.call('UNLINK', unpack(KEYS, count + 1, 2 * count))
for i = 2 * count + 1, #KEYS do
  leaveTrace(KEYS[i], ARGV[5], ARGV[4])
end
if ARGV[2] == '1' then redis.call('EXISTS', unpack(KEYS, 1, count)) end
return 1
`);

/**
 * Removes entries and the guards of their loads, and leaves tombstones. A tombstone holds the moment of a delete: a set
 * that was made before it during a partition is not replayed after it.
 *
 * The script reads each entry first, so that the server tracks its key and announces the removal. It removes before it
 * writes: in a full Redis the removals make room for the tombstones.
 *
 * KEYS = the entries, then the guards, then the tombstones, if any.
 * ARGV[1] = the number of entries.
 * ARGV[2] = the milliseconds that a tombstone is kept.
 * ARGV[3] = a text that no other tombstone has: two deletes may share a millisecond.
 *
 * Returns one text with a character per entry: '1' if it existed, else '0'.
 */
export const removeScript = script(`${timeFunction}${stampFunction}
local count = tonumber(ARGV[1])
local flags = {}
for i = 1, count do
  redis.call('EXISTS', KEYS[i])
  flags[i] = redis.call('UNLINK', KEYS[i])
end
for i = count + 1, math.min(#KEYS, 2 * count) do redis.call('UNLINK', KEYS[i]) end
if #KEYS > 2 * count then
  local now = stamp(milliseconds()) .. ARGV[3]
  for i = 2 * count + 1, #KEYS do redis.call('SET', KEYS[i], now, 'PX', ARGV[2]) end
end
return table.concat(flags)
`);

/**
 * Records clears of patterns and scopes, for as long as an earlier set may be replayed. The record is a sorted set with
 * one member per pattern or scope; the score is the latest moment of its clear by the server's clock, milliseconds. A
 * clear made now gets a later moment than every clear before it: loads tell by the latest moment whether another clear
 * was made. So does a clear that is replayed, if its moment is too close to the latest clear to be ordered. A record
 * that grows too long is replaced by one clear of everything.
 *
 * KEYS[1] = the sorted set.
 * KEYS[2] = a text: the moment of the latest clear. Missing in a Cluster, where it would be in another slot.
 * ARGV[1] = the milliseconds that a clear is kept.
 * ARGV[2] = the largest number of clears.
 * ARGV[3] = the member that stands for everything.
 * ARGV[4..] = pairs of a cleared pattern or scope and its moment, '' = now.
 *
 * Returns the moments as texts.
 */
export const markClearedScript = script(`${timeFunction}
local now = milliseconds()
if KEYS[2] then
  -- First, so that loads notice a clear also where this user may not record it.
  local noted = redis.pcall('GET', KEYS[2])
  now = math.max(now, (type(noted) == 'string' and tonumber(noted) or 0) + 1)
  redis.call('SET', KEYS[2], string.format('%.0f', now), 'PX', ARGV[1])
end
local top = redis.pcall('ZREVRANGE', KEYS[1], 0, 0, 'WITHSCORES')
if top.err then
  if not string.find(top.err, 'WRONGTYPE') then return top end
  -- A key of another type is not a record of clears.
  redis.call('UNLINK', KEYS[1])
  top = {}
end
local outdated = #redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[1])
if outdated > 0 then redis.call('ZPOPMIN', KEYS[1], outdated) end
local latest = top[2] and tonumber(top[2]) or 0
if latest > now + 60000 then
  -- A wrong clock made this record.
  redis.call('UNLINK', KEYS[1])
  redis.call('ZADD', KEYS[1], now, ARGV[3])
  latest = now
else now = math.max(now, latest + 1) end
local moments = {}
for i = 4, #ARGV, 2 do
  local at = tonumber(ARGV[i + 1]) or now
  if at <= latest and at > latest - ${stampErrorMs} then at = latest + 1 end
  local before = tonumber(redis.call('ZSCORE', KEYS[1], ARGV[i]) or 0)
  if at > before then redis.call('ZADD', KEYS[1], at, ARGV[i]) end
  moments[#moments + 1] = string.format('%.0f', at)
end
if redis.call('ZCARD', KEYS[1]) > tonumber(ARGV[2]) then
  redis.call('UNLINK', KEYS[1])
  redis.call('ZADD', KEYS[1], now, ARGV[3])
end
redis.call('PEXPIRE', KEYS[1], ARGV[1])
if KEYS[2] then
  local last = redis.call('ZREVRANGE', KEYS[1], 0, 0, 'WITHSCORES')[2]
  redis.call('SET', KEYS[2], string.format('%.0f', tonumber(last)), 'PX', ARGV[1])
end
return moments
`);

/**
 * Replays a change that was made during an outage, unless the key was written or deleted after it. The version id of an
 * entry begins with the moment of its write by Redis's clock; a tombstone begins with the moment of its delete. If two
 * changes are too close to be ordered, a delete counts as the later one.
 *
 * An entry with a stamp in the future was written by a wrong clock and proves nothing. The script removes it, whatever
 * the change is.
 *
 * KEYS[1] = the key.
 * KEYS[2] = the guard of its loads: they began before the change.
 * KEYS[3] = its tombstone.
 * ARGV[1], ARGV[2] = the latest and the earliest moment of the change, six bytes each.
 * ARGV[3] = the entry, '' = delete the key.
 * ARGV[4] = the milliseconds to live, 0 = never expires.
 * ARGV[5] = the milliseconds that a tombstone is kept, 0 = leave none; for a set, too (see `setScript`).
 * ARGV[6] = a text that no other tombstone has.
 *
 * Returns 1 if the change was made, 0 if Redis holds something newer.
 */
export const catchUpScript = script(`${timeFunction}${versionFunctions}${traceFunction}
-- A value of another type is no entry: replace it. A value that this user may not read may be newer: keep it.
local id, failure = version(KEYS[1])
if failure then return failure end
local written = string.sub(id, 1, 6)
local isOdd = written > stamp(milliseconds() + 1000)
if written > ARGV[1] and not isOdd then return 0 end
local deleted = redis.pcall('GET', KEYS[3])
if type(deleted) ~= 'string' then deleted = false end
if ARGV[3] ~= '' and deleted and deleted >= ARGV[2] then return 0 end
if ARGV[3] == '' or isOdd then
  redis.call('UNLINK', KEYS[2], KEYS[1])
  if ARGV[5] ~= '0' and not (deleted and deleted > ARGV[1]) then
    redis.call('SET', KEYS[3], ARGV[1] .. ARGV[6], 'PX', ARGV[5])
  end
else
  if ARGV[4] == '0' then redis.call('SET', KEYS[1], ARGV[3])
  else redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[4]) end
  redis.call('UNLINK', KEYS[2])
  if ARGV[5] ~= '0' then leaveTrace(KEYS[3], ARGV[6], ARGV[5]) end
end
return 1
`);

/**
 * Begins a load. The guard of a load is a hash at a sibling key of the entry:
 *
 * - `g`: the generation. An invalidation deletes the guard, so that the end of the load finds another generation, or
 *   none, and stores nothing. A guard that is lost for another reason has the same effect, which is safe.
 * - `h`, `u`: the lease: its holder, and its end by the server's clock, milliseconds.
 * - `e`: the last holder whose load ended without a value to store.
 *
 * A load that does not get the lease changes nothing: a change of the guard would wake the other waiting loads. They
 * wake when the load that holds the lease ends, which changes the guard.
 *
 * KEYS[1] = the entry.
 * KEYS[2] = the guard.
 * ARGV[1] = the token of this load.
 * ARGV[2] = '1' to ask for the lease.
 * ARGV[3] = the milliseconds that the lease lasts.
 * ARGV[4] = the milliseconds that the guard is kept without a renewal.
 * ARGV[5] = the holder that this load has waited for, '' = none. If the holder's load ended without a value, this load
 *   runs without the lease, as do all others that waited.
 *
 * Returns { the entry or nil, generation, '0' = the load may not run, '1' = it may, '2' = it may and has the lease, the
 * milliseconds until the lease of another load ends, the holder of that lease }.
 */
export const beginLoadScript = script(`
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local value = redis.pcall('GET', KEYS[1])
if type(value) == 'table' then value = false end
local guard = redis.call('HMGET', KEYS[2], 'g', 'h', 'u', 'e')
local generation = guard[1]
local leased = ARGV[2] == '1' and not (ARGV[5] ~= '' and guard[4] == ARGV[5])
if leased and guard[2] and tonumber(guard[3]) > now then
  return { value, generation or '', '0', tonumber(guard[3]) - now, guard[2] }
end
if not generation then
  generation = ARGV[1]
  redis.call('HSET', KEYS[2], 'g', generation)
end
if leased then
  redis.call('HSET', KEYS[2], 'h', ARGV[1], 'u', string.format('%.0f', now + ARGV[3]))
end
redis.call('PEXPIRE', KEYS[2], ARGV[4])
-- A change ends the tracking of its key. A read starts it again.
redis.call('EXISTS', KEYS[2])
return { value, generation, leased and '2' or '1', 0, '' }
`);

/**
 * Renews the guard and the lease of a running load.
 *
 * KEYS[1] = the guard.
 * ARGV[1] = the generation.
 * ARGV[2] = the token.
 * ARGV[3], ARGV[4] = the milliseconds that the lease and the guard are kept.
 *
 * Returns 1, or 0 when the entry was invalidated since the load began.
 */
export const renewLoadScript = script(`
if redis.call('HGET', KEYS[1], 'g') ~= ARGV[1] then return 0 end
if redis.call('HGET', KEYS[1], 'h') == ARGV[2] then
  local time = redis.call('TIME')
  redis.call('HSET', KEYS[1], 'u', string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000) + ARGV[3]))
end
redis.call('PEXPIRE', KEYS[1], ARGV[4])
redis.call('EXISTS', KEYS[1])
return 1
`);

/**
 * Ends a load. Stores the entry, unless it was invalidated or set by another call since the load began.
 *
 * The guard is kept for a while. A scan that clears a namespace returns only the keys that exist from its beginning to
 * its end (https://redis.io/docs/latest/commands/scan/): it may miss an entry stored during the scan, and finds the
 * guard instead.
 *
 * KEYS[1] = the entry.
 * KEYS[2] = the guard.
 * ARGV[1] = the generation.
 * ARGV[2] = the token.
 * ARGV[3] = the version id of the entry that existed when the load began, '' = none.
 * ARGV[4] = the entry, '' = nothing to store.
 * ARGV[5] = the milliseconds to live, 0 = never expires.
 * ARGV[6] = '1' to record, for the loads that wait for the lease, that this load ended without a value.
 * KEYS[3] = the tombstone, for an entry with a short life: see `setScript`.
 * ARGV[7], ARGV[8] = the milliseconds that it is kept, and a text that no other tombstone has.
 *
 * Returns 1 if the entry was stored.
 */
export const endLoadScript = script(`${versionFunctions}${traceFunction}
local function store()
  if ARGV[4] == '' or redis.call('HGET', KEYS[2], 'g') ~= ARGV[1] then return 0 end
  local id, failure = version(KEYS[1])
  if failure then return failure end
  if id ~= ARGV[3] then return 0 end
  local stored
  if ARGV[5] == '0' then stored = redis.pcall('SET', KEYS[1], ARGV[4])
  else stored = redis.pcall('SET', KEYS[1], ARGV[4], 'PX', ARGV[5]) end
  return stored.err and stored or 1
end
-- Before the lease is released: once a script has written, a full Redis refuses none of its writes any more.
local result = store()
if redis.call('HGET', KEYS[2], 'h') == ARGV[2] then
  redis.call('HDEL', KEYS[2], 'h', 'u')
  if ARGV[6] == '1' then redis.call('HSET', KEYS[2], 'e', ARGV[2]) end
end
if result ~= 1 then return result end
if KEYS[3] then leaveTrace(KEYS[3], ARGV[8], ARGV[7]) end
redis.call('EXISTS', KEYS[1])
return 1
`);

/**
 * Reads what a load compares at its end: see `storeLoadedScript`.
 *
 * KEYS[1] = the moment of the latest clear.
 * KEYS[2..] = the entries, then their tombstones.
 *
 * Returns { the moment of the latest clear, the tombstones, the version ids of the entries }; nil or '' = none.
 */
export const loadBaselineScript = script(`${versionFunctions}
local count = (#KEYS - 1) / 2
local reply = redis.call('MGET', KEYS[1], unpack(KEYS, count + 2))
for i = 1, count do
  local id, failure = version(KEYS[1 + i])
  if failure then return failure end
  reply[count + 1 + i] = id
end
return reply
`);

/**
 * Stores loaded values, each only if nothing was invalidated or set since its load began (optimistic concurrency
 * control: Kung and Robinson, 1981). A set changes the version id of the entry; a delete changes the tombstone; a clear
 * of a pattern or scope changes the moment of the latest clear, and the caller finds out whether it covers the key.
 *
 * With tracking, the script reads the keys before and after the change: see `setScript`.
 *
 * KEYS[1] = the moment of the latest clear.
 * KEYS[2..] = the entries, then their tombstones.
 * ARGV[1] = '1' to track the keys.
 * ARGV[2..] = for each entry what Redis held when its load began (version id, tombstone, moment of the latest clear;
 *   '' = none), the moment after which a trace of a change may have gone, milliseconds, '' = unknown, its bytes, and
 *   its milliseconds to live, 0 = never expires.
 *
 * Returns one text with a character per entry: '1' = stored, '0' = the key was changed, 'c' = something was cleared.
 */
export const storeLoadedScript = script(`${versionFunctions}
local count = (#KEYS - 1) / 2
local traces = redis.call('MGET', KEYS[1], unpack(KEYS, count + 2))
if ARGV[1] == '1' then redis.call('EXISTS', unpack(KEYS, 2, count + 1)) end
local function store(key, bytes, ttl)
  if ttl == '0' then redis.call('SET', key, bytes) else redis.call('SET', key, bytes, 'PX', ttl) end
  return '1'
end
local function storeNew(key, bytes, ttl)
  local isStored
  if ttl == '0' then isStored = redis.call('SET', key, bytes, 'NX')
  else isStored = redis.call('SET', key, bytes, 'PX', ttl, 'NX') end
  if isStored then return '1' end
  -- Usually another entry; but a value of another type is none.
  return version(key) == '' and store(key, bytes, ttl) or '0'
end
local time = redis.pcall('TIME')
local now = time[1] and time[1] * 1000 + math.floor(time[2] / 1000)
local flags = {}
for i = 1, count do
  local key, at = KEYS[1 + i], 6 * i - 4
  local bytes, ttl, deadline = ARGV[at + 4], ARGV[at + 5], tonumber(ARGV[at + 3])
  local tombstone = traces[1 + i] or ''
  local isUntouched = tombstone == ARGV[at + 1]
  if now and deadline and now > deadline then flags[i] = '0'
  elseif not isUntouched and (ARGV[at] == '' or tombstone ~= ARGV[at]) then flags[i] = '0'
  elseif (traces[1] or '') ~= ARGV[at + 2] then flags[i] = 'c'
  elseif ARGV[at] == '' then flags[i] = storeNew(key, bytes, ttl)
  else
    local id, failure = version(key)
    if failure then return failure end
    -- The load began with a dead entry, which a reader may have removed: see removeDeadScript.
    local isSame = id == ARGV[at] and isUntouched or id == '' and tombstone == ARGV[at]
    flags[i] = isSame and store(key, bytes, ttl) or '0'
  end
end
if ARGV[1] == '1' then redis.call('EXISTS', unpack(KEYS, 2, count + 1)) end
return table.concat(flags)
`);

/**
 * Removes entries that were read and are invalid. Keeps an entry that was replaced since, and an entry whose key has a
 * guarded load under way: the load replaces the entry, and stores nothing when the entry that it began with has gone.
 *
 * The tombstone of such an entry is its version id. A load that began with the entry may store its value after the
 * removal; one that began before the entry was set may not.
 *
 * KEYS = the entries, then the guards of their loads, then the tombstones.
 * ARGV[1] = the milliseconds that a tombstone is kept.
 * ARGV[2] = the same for one that replaces an earlier delete, which a replay may have to find.
 * ARGV[3..] = the version id of each entry as it was read.
 *
 * Returns the number of removed entries.
 */
export const removeDeadScript = script(`${versionFunctions}
local removed, count = 0, #ARGV - 2
for i = 1, count do
  local id, tombstone = version(KEYS[i]), KEYS[2 * count + i]
  if id == ARGV[i + 2] and redis.call('EXISTS', KEYS[count + i]) == 0 then
    removed = removed + redis.call('UNLINK', KEYS[i])
    local deleted = redis.pcall('GET', tombstone)
    if type(deleted) ~= 'string' then redis.call('SET', tombstone, id, 'PX', ARGV[1])
    elseif deleted < id then redis.call('SET', tombstone, id, 'PX', ARGV[2]) end
  end
end
return removed
`);

/** All scripts. They are loaded into a newly connected server: a call whose script is missing has to be sent twice. */
export const allScripts: readonly RedisScript[] = [
  tagTableScript,
  setScript,
  removeScript,
  markClearedScript,
  catchUpScript,
  beginLoadScript,
  renewLoadScript,
  endLoadScript,
  loadBaselineScript,
  storeLoadedScript,
  removeDeadScript,
];
