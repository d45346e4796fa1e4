import { createHash } from 'node:crypto';

/** Something that Redis has to do in one step: Lua, and the digest it is called by. */
export interface RedisScript {
  readonly lua: string;
  readonly sha1: string;
}

function script(lua: string): RedisScript {
  return { lua, sha1: createHash('sha1').update(lua).digest('hex') };
}

/** Redis's time in whole milliseconds, and six bytes of it, big-endian, as entries carry theirs: so they compare as text. */
const timeFunctions = `
local function milliseconds()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
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
 * The tag table is a sorted set: a member for each tag, its score the epoch of its last invalidation. The member `''` carries
 * the floor, before which nothing is known (the table was lost, or has forgotten its oldest tags); the member `'!'` only keeps
 * epochs growing. An epoch is the server's clock in microseconds, pushed forward where needed so that it never goes back,
 * not over a failover to a slower clock either.
 *
 * A caller that knows of a later epoch than the table proves that the table has lost changes (a failover to a replica that lagged, a
 * table restored from an older dump): the floor rises to that epoch. An epoch more than a day ahead of the server's clock proves
 * nothing, whether a caller or the table itself says it: else one odd entry could invalidate all others for ever.
 *
 * A change is published, with the epoch before it, so that a listener notices a gap. A user who may not publish has the table
 * changed all the same.
 *
 * KEYS[1] = the table; ARGV[1] = the epoch up to which the caller knows the table; ARGV[2] = an epoch that an entry in Redis carries, 0 =
 * none; ARGV[3] = the epoch that the caller has given to invalidations of its own meanwhile, 0 = none; ARGV[4] = tags to keep at most;
 * ARGV[5] = '1': make the table if it is not there; ARGV[6] = the channel; ARGV[7] = changes to return at most, but never a part
 * of one epoch's; ARGV[8..] = tags to invalidate.
 * Returns { latest epoch (0 = there is no table), floor, '1' if the table was made now, the epoch before this call, the epoch up to which
 * the changes are told, tag, epoch, tag, epoch, ... }: what changed since ARGV[1]; epochs as decimal text.
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
    -- A full Redis has no room for a table, and no invalidation to lose.
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
  -- Many listeners need not all be sent so much: they ask when they need it.
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
  for _, each in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], last, last, 'WITHSCORES')) do changes[#changes + 1] = each end
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
 * Stores entries, and where `ARGV[2]` asks for it has the server tell of this change exactly once, and go on telling of later ones: a
 * change ends the tracking of its key, and a read in the same script begins it, with nothing in between.
 *
 * KEYS = the keys, then the guards of their loads, which are from before this; ARGV[1] = after this moment by the server's clock,
 * milliseconds, it is too late, 0 = never; ARGV[2] = '1': track; ARGV[3..] = for each entry its bytes and the milliseconds it lives,
 * 0 = never expires. Returns 0 when it was too late.
 */
export const setScript = script(`
if ARGV[1] ~= '0' then
  local time = redis.call('TIME')
  if time[1] * 1000 + math.floor(time[2] / 1000) > tonumber(ARGV[1]) then return 0 end
end
local count = #KEYS / 2
if ARGV[2] == '1' then redis.call('EXISTS', unpack(KEYS, 1, count)) end
redis.call('UNLINK', unpack(KEYS, count + 1))
for i = 1, count do
  local bytes, ttl = ARGV[2 * i + 1], ARGV[2 * i + 2]
  if ttl == '0' then redis.call('SET', KEYS[i], bytes)
  else redis.call('SET', KEYS[i], bytes, 'PX', ttl) end
end
if ARGV[2] == '1' then redis.call('EXISTS', unpack(KEYS, 1, count)) end
return 1
`);

/**
 * Removes entries, and the guards of their loads. Each entry is read first, so that the server tells of its removal. A tombstone keeps the
 * moment of a delete: a set made before it in a partition is not replayed after it. In a full Redis the removals come first, which make
 * room and let a script go on.
 *
 * KEYS = the entries, then the guards, then the tombstones, if any; ARGV[1] = number of entries; ARGV[2] = milliseconds that a tombstone
 * stays. Returns for each entry '1' if it existed, else '0', as one text.
 */
export const removeScript = script(`${timeFunctions}
local count = tonumber(ARGV[1])
local flags = {}
for i = 1, count do
  redis.call('EXISTS', KEYS[i])
  flags[i] = redis.call('UNLINK', KEYS[i])
end
for i = count + 1, math.min(#KEYS, 2 * count) do redis.call('UNLINK', KEYS[i]) end
if #KEYS > 2 * count then
  local now = stamp(milliseconds())
  for i = 2 * count + 1, #KEYS do redis.call('SET', KEYS[i], now, 'PX', ARGV[2]) end
end
return table.concat(flags)
`);

/**
 * Remembers that patterns or scopes were cleared, for as long as a set made before that may be replayed: a sorted set, its scores the
 * moments by the server's clock, milliseconds. The latest moment counts. Too many become one that covers everything.
 *
 * Returns the moments as texts.
 *
 * KEYS[1] = the sorted set; ARGV[1] = milliseconds that they are remembered; ARGV[2] = how many at most; ARGV[3] = what stands for
 * everything; then pairs: what was cleared, and when, '' = now.
 */
export const markClearedScript = script(`${timeFunctions}
local now = milliseconds()
local trimmed = redis.pcall('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[1])
-- Of another type: nothing of ours.
if type(trimmed) == 'table' then redis.call('DEL', KEYS[1]) end
local moments = {}
for i = 4, #ARGV, 2 do
  local at = tonumber(ARGV[i + 1]) or now
  local before = tonumber(redis.call('ZSCORE', KEYS[1], ARGV[i]) or 0)
  if at > before then redis.call('ZADD', KEYS[1], at, ARGV[i]) end
  moments[#moments + 1] = string.format('%.0f', at)
end
if redis.call('ZCARD', KEYS[1]) > tonumber(ARGV[2]) then
  redis.call('DEL', KEYS[1])
  redis.call('ZADD', KEYS[1], now, ARGV[3])
end
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return moments
`);

/**
 * Catches up on a change from the time of an outage, unless the key was written or deleted after it: entries carry Redis's time in bytes
 * 6-11, tombstones are nothing else. A stamp from the future proves nothing, since its writer's clock was wrong: then the entry leaves,
 * whatever the change was.
 *
 * KEYS[1] = the key; KEYS[2] = the guard of its loads: what they began before the change is from before it; KEYS[3] = its tombstone;
 * ARGV[1] and ARGV[2] = six bytes each, the latest and the earliest moment at which the change was made; ARGV[3] = the entry, '' = delete
 * the key; ARGV[4] = milliseconds to live, 0 = never expires; ARGV[5] = milliseconds that a tombstone stays, 0 = none is left.
 * Of two changes too close to be told apart a delete counts as the later.
 * Returns 1 if the change was made, 0 if something newer stands there.
 */
export const catchUpScript = script(`${timeFunctions}
local written = redis.pcall('GETRANGE', KEYS[1], 6, 11)
-- Of another type: not an entry, and replaced. What may not be looked at may be newer.
if type(written) == 'table' and not string.find(written.err, 'WRONGTYPE') then return written end
local isOdd = type(written) == 'string' and written > stamp(milliseconds() + 1000)
if type(written) == 'string' and written > ARGV[1] and not isOdd then return 0 end
local deleted = redis.pcall('GET', KEYS[3])
if type(deleted) ~= 'string' then deleted = false end
if ARGV[3] ~= '' and deleted and deleted >= ARGV[2] then return 0 end
redis.call('UNLINK', KEYS[2])
if ARGV[3] == '' or isOdd then
  redis.call('UNLINK', KEYS[1])
  if ARGV[5] ~= '0' and not (deleted and deleted > ARGV[1]) then
    redis.call('SET', KEYS[3], ARGV[1], 'PX', ARGV[5])
  end
elseif ARGV[4] == '0' then redis.call('SET', KEYS[1], ARGV[3])
else redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[4]) end
return 1
`);

/**
 * A load begins. Its guard is a hash beside the entry: field `g` is the generation, by which Redis will know at the end
 * whether the entry was invalidated meanwhile (an invalidation deletes the guard; so does whatever loses it: then the result is not
 * stored, which is safe). Fields `h` and `u` are the lease: who holds it, until when by the server's clock, milliseconds. Field `e` is the
 * last holder whose load ended without a value to store.
 *
 * KEYS[1] = the entry; KEYS[2] = the guard; ARGV[1] = this load's token; ARGV[2] = '1': ask for the lease; ARGV[3] = milliseconds
 * the lease lasts; ARGV[4] = milliseconds the guard is kept without being renewed; ARGV[5] = the holder that was waited for, '' = none:
 * when its load ended without a value, this one runs without the lease, beside all others who waited.
 * Who does not get the lease changes nothing, so as not to wake others who wait; the change of the guard by which the lease ends
 * wakes them all.
 *
 * Returns { the entry or nil, generation, '0' = the load may not run, '1' = it may, '2' = it may and has the lease, milliseconds until the
 * lease of another ends, its holder }.
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
-- A change ends the tracking of its key; a read begins it again.
redis.call('EXISTS', KEYS[2])
return { value, generation, leased and '2' or '1', 0, '' }
`);

/**
 * The load goes on: its guard is kept, and its lease prolonged.
 *
 * KEYS[1] = the guard; ARGV[1] = generation; ARGV[2] = token; ARGV[3] = milliseconds for the lease, ARGV[4] = for the guard.
 * Returns 0 when the entry was invalidated meanwhile.
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
 * A load ends: the entry is stored, unless it was invalidated or set by somebody else since the load began. The guard stays for a
 * while: a scan that clears a namespace sees keys that are there from its beginning to its end
 * (https://redis.io/docs/latest/commands/scan/), and must not overlook an entry made meanwhile.
 *
 * KEYS[1] = the entry; KEYS[2] = the guard; ARGV[1] = generation; ARGV[2] = token; ARGV[3] = bytes 6-15 of the entry seen at the
 * beginning, '' = there was none; ARGV[4] = the entry, '' = nothing to store; ARGV[5] = milliseconds to live, 0 = never expires;
 * ARGV[6] = '1': tell those who wait for the lease that the load brought nothing.
 * Returns 1 when it was stored.
 */
export const endLoadScript = script(`
if redis.call('HGET', KEYS[2], 'h') == ARGV[2] then
  redis.call('HDEL', KEYS[2], 'h', 'u')
  if ARGV[6] == '1' then redis.call('HSET', KEYS[2], 'e', ARGV[2]) end
end
if ARGV[4] == '' or redis.call('HGET', KEYS[2], 'g') ~= ARGV[1] then return 0 end
local version = redis.pcall('GETRANGE', KEYS[1], 6, 15)
if type(version) == 'table' and not string.find(version.err, 'WRONGTYPE') then return version end
if type(version) == 'string' and version ~= ARGV[3] then return 0 end
if ARGV[5] == '0' then redis.call('SET', KEYS[1], ARGV[4])
else redis.call('SET', KEYS[1], ARGV[4], 'PX', ARGV[5]) end
redis.call('EXISTS', KEYS[1])
return 1
`);

/**
 * Removes entries that were found to be invalid, each unless another stands in its place by now, or a load is under way for its key: its
 * end replaces the entry, and is refused when the entry that it began with has gone.
 *
 * KEYS = the entries, then the guards of their loads; ARGV = bytes 6-15 of each entry as it was read. Returns how many were removed.
 */
export const removeDeadScript = script(`
local removed = 0
for i = 1, #ARGV do
  local version = redis.pcall('GETRANGE', KEYS[i], 6, 15)
  if version == ARGV[i] and redis.call('EXISTS', KEYS[#ARGV + i]) == 0 then
    removed = removed + redis.call('UNLINK', KEYS[i])
  end
end
return removed
`);

/** All of them, to be loaded when a connection is made: a call that finds its script missing has to be sent twice. */
export const allScripts: readonly RedisScript[] = [
  tagTableScript,
  setScript,
  removeScript,
  markClearedScript,
  catchUpScript,
  beginLoadScript,
  renewLoadScript,
  endLoadScript,
  removeDeadScript,
];
