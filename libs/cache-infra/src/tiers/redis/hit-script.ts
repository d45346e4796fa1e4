import { script } from './scripts.js';

/**
 * Counts a hit in a sliding window: each hit counts until its own end. The key is a sorted set of moments by the
 * server's clock, milliseconds: the end of each hit, of the window that the first hit opened (`w`), and of the block
 * (`b`). One key, so that the script runs in a Cluster.
 *
 * With a block, a hit above the limit starts it; hits during the block do not count, and the first hit after it starts
 * anew. Without one, hits above the limit do not count, and the key is blocked until the oldest hit ends.
 *
 * KEYS[1] = the hits.
 * ARGV[1] = the milliseconds that a hit counts.
 * ARGV[2] = the limit.
 * ARGV[3] = the milliseconds that the key is blocked, 0 = without a block.
 *
 * Returns { hits, milliseconds until the window ends, 1 = blocked, milliseconds until that ends }.
 */
export const countHitScript = script(`
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local ttl, limit, block = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local key = KEYS[1]
local windowEnd = tonumber(redis.call('ZSCORE', key, 'w') or '0')
local blockEnd = tonumber(redis.call('ZSCORE', key, 'b') or '0')
local isBlocked = blockEnd > now
local function add(ends, member)
  while redis.call('ZADD', key, 'NX', string.format('%.0f', ends), member) == 0 do member = member .. '+' end
end
if blockEnd > 0 and not isBlocked then
  redis.call('UNLINK', key)
  if windowEnd > now then add(windowEnd, 'w') end
else
  local ended = #redis.call('ZRANGEBYSCORE', key, '-inf', now)
  if ended > 0 then redis.call('ZPOPMIN', key, ended) end
end
if windowEnd <= now then
  windowEnd = now + ttl
  add(windowEnd, 'w')
end
local hits = redis.call('ZCARD', key) - 1
if isBlocked then hits = hits - 1 end
local function hit()
  hits = hits + 1
  add(now + ttl, string.format('%.0f', time[1] * 1000000 + time[2]))
end
local function untilOldestEnds()
  local ends = redis.call('ZRANGEBYSCORE', key, '-inf', '+inf', 'WITHSCORES', 'LIMIT', 0, 3)
  for i = 1, #ends, 2 do
    if ends[i] ~= 'w' and ends[i] ~= 'b' then return tonumber(ends[i + 1]) - now end
  end
  return windowEnd - now
end
local counted, blockLeft
if block > 0 then
  if not isBlocked then
    hit()
    if hits > limit then
      isBlocked, blockEnd = true, now + block
      add(blockEnd, 'b')
    end
  end
  counted, blockLeft = hits, isBlocked and blockEnd - now or 0
else
  isBlocked = hits >= limit
  if isBlocked then counted, blockLeft = hits + 1, untilOldestEnds()
  else
    hit()
    counted, blockLeft = hits, 0
  end
end
local last = redis.call('ZREVRANGE', key, 0, 0, 'WITHSCORES')[2]
redis.call('PEXPIRE', key, string.format('%.0f', tonumber(last) - now))
return { counted, math.ceil(windowEnd - now), isBlocked and 1 or 0, math.ceil(blockLeft) }
`);
