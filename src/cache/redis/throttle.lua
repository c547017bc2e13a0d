-- At most `limit` in any `window` ms. Answers 0, or the ms until there is room.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local limit, window = tonumber(ARGV[1]), tonumber(ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - window)
if redis.call('ZCARD', KEYS[1]) < limit then
  -- Within one script time stands still, so the count keeps members apart.
  local member = time[1] .. ':' .. time[2] .. ':' .. redis.call('ZCARD', KEYS[1])
  redis.call('ZADD', KEYS[1], now, member)
  redis.call('PEXPIRE', KEYS[1], window)
  return 0
end
local oldest = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
if not oldest[2] then return window end
return math.max(1, oldest[2] + window - now)
