-- The rules of ledger.rs, for all processes at once. Times are ms since 1970, by Redis' clock.
-- KEYS: state (hash), general and search windows (sorted sets).
-- ARGV: verb, burst limit, burst ms, search limit, search ms, daily tokens, owed tokens,
-- what the caller remembers for the case that all is forgotten here (daily limit, left,
-- reported at, day, spent that day; day -1 for nothing), then the verb's own.
-- Answers: granted, wait ms, why (1 burst, 2 daily, 3 blocked), then the view.
local DAY, PROBE, GRACE, FORGIVEN = 86400000, 3600000, 100, 30000
local STRIKE_WITHIN, LONGEST_STRIKE, SANE_BURST = 10000, 900000, 100000
local BURST, DAILY, BLOCKED = 1, 2, 3

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local verb = ARGV[1]
local burst = { limit = tonumber(ARGV[2]), per = tonumber(ARGV[3]), key = KEYS[2] }
local search = { limit = tonumber(ARGV[4]), per = tonumber(ARGV[5]), key = KEYS[3] }
local daily_tokens, owed = tonumber(ARGV[6]), tonumber(ARGV[7])

local names = { 'general_limit', 'search_limit', 'blocked_until', 'blocked_why', 'strikes',
  'daily_limit', 'left', 'reported_at', 'probed_at', 'day', 'spent_today', 'under_way',
  'under_way_last', 'under_way_since' }
local stored = redis.call('HMGET', KEYS[1], unpack(names))
local s, fresh = {}, true
for i, name in ipairs(names) do
  if stored[i] then s[name] = tonumber(stored[i]); fresh = false end
end
local function get(name) return s[name] or 0 end

-- Emptied meanwhile: the day's use comes from the caller's memory.
if fresh and tonumber(ARGV[11]) >= 0 then
  local reported = tonumber(ARGV[10])
  if tonumber(ARGV[8]) > 0 then s.daily_limit = tonumber(ARGV[8]) end
  local remembered_today = tonumber(ARGV[11]) == math.floor(now / DAY)
  if remembered_today then s.day, s.spent_today = tonumber(ARGV[11]), tonumber(ARGV[12]) end
  if remembered_today or (reported > 0 and now - reported < DAY) then
    s.left, s.reported_at = tonumber(ARGV[9]), reported
  end
end

-- roll
local today = math.floor(now / DAY)
if s.day ~= today then
  s.day, s.spent_today = today, 0
  if get('reported_at') == 0 then s.left = nil end
end
if get('reported_at') > 0 and now - s.reported_at >= DAY then s.left, s.reported_at = nil, 0 end
local age = now - get('under_way_since')
if age >= FORGIVEN then
  s.under_way_last = age >= 2 * FORGIVEN and 0 or get('under_way')
  s.under_way, s.under_way_since = 0, now
end

local function left() return s.left or s.daily_limit or daily_tokens end
local function charge(tokens)
  s.left = math.max(0, left() - tokens)
  s.spent_today = get('spent_today') + tokens
end

-- Members are unique: the window's own counter, kept in the hash, numbers them.
local function add(window, count)
  for _ = 1, count do
    s.serial = (s.serial or tonumber(redis.call('HGET', KEYS[1], 'serial') or '0')) + 1
    redis.call('ZADD', window.key, now, s.serial)
  end
  redis.call('PEXPIRE', window.key, window.per + 10 * GRACE)
end
local function forget(window)
  redis.call('ZREMRANGEBYSCORE', window.key, '-inf', now - window.per - GRACE)
  return redis.call('ZCARD', window.key)
end
local function full(window, limit, job)
  local count = forget(window)
  local mine = math.max(1, job and math.floor(limit * 4 / 5) or limit)
  if count < mine then return 0 end
  local last = redis.call('ZRANGE', window.key, count - mine, count - mine, 'WITHSCORES')
  return math.max(1, last[2] + window.per + GRACE - now)
end

if owed > 0 then charge(owed) end
local granted, wait, why = 0, 0, 0

if verb == 'take' then
  local tokens, in_search, job = tonumber(ARGV[13]), ARGV[14] == '1', ARGV[15] == '1'
  if get('blocked_until') > now then
    wait, why = s.blocked_until - now, get('blocked_why')
  else
    wait = full(burst, s.general_limit or burst.limit, job)
    if in_search then
      wait = math.max(wait, full(search, math.min(search.limit, s.search_limit or search.limit), job))
    end
    if wait > 0 then why = BURST end
  end
  if why == 0 then
    local limit = s.daily_limit or daily_tokens
    local reserved = job and math.ceil(limit / 5) or 0
    if left() < tokens + reserved then
      local reported = get('reported_at')
      local next_probe = math.max(reported, get('probed_at')) + PROBE
      if reported > 0 and next_probe <= now then
        s.probed_at = now
      else
        why = DAILY
        local again = reported > 0 and next_probe or (s.day + 1) * DAY
        wait = math.min(math.max(again - now, 1), PROBE)
      end
    end
  end
  if why == 0 then
    granted = 1
    add(burst, 1)
    if in_search then add(search, 1) end
    charge(tokens)
    s.under_way = get('under_way') + tokens
  end
elseif verb == 'observe' then
  -- -1 is unknown.
  local tokens, in_search = tonumber(ARGV[13]), ARGV[14] == '1'
  local limit, remaining = tonumber(ARGV[15]), tonumber(ARGV[16])
  local daily_limit, daily_remaining = tonumber(ARGV[17]), tonumber(ARGV[18])
  local older = math.max(0, tokens - get('under_way'))
  s.under_way = math.max(0, get('under_way') - tokens)
  s.under_way_last = math.max(0, get('under_way_last') - older)
  local window = in_search and search or burst
  local name = in_search and 'search_limit' or 'general_limit'
  if limit >= 1 and limit <= SANE_BURST then s[name] = limit end
  if remaining >= 0 then
    local used = math.max(0, (s[name] or window.limit) - remaining)
    add(window, math.max(0, used - forget(window)))
  end
  if daily_limit > 0 then s.daily_limit = daily_limit end
  if daily_remaining >= 0 then
    local under_way = get('under_way') + get('under_way_last')
    s.left = math.min(daily_remaining, math.max(left(), daily_remaining - under_way))
    s.reported_at = now
  end
elseif verb == 'block' then
  local pause, reason = tonumber(ARGV[13]), tonumber(ARGV[14])
  local till = get('blocked_until')
  if not (till > now and till >= now + pause) then
    if till > 0 and till <= now then
      if reason == BURST and now - till < STRIKE_WITHIN then
        s.strikes = math.min(get('strikes') + 1, 10)
        pause = math.min(pause * 2 ^ s.strikes, LONGEST_STRIKE)
      else
        s.strikes = 0
      end
    end
    s.blocked_until, s.blocked_why = now + pause, reason
    if reason == DAILY then s.left, s.reported_at = 0, now end
  end
end

local write = {}
for name, value in pairs(s) do
  write[#write + 1] = name
  write[#write + 1] = string.format('%.0f', value)
end
redis.call('HSET', KEYS[1], unpack(write))
if not s.left then redis.call('HDEL', KEYS[1], 'left') end
redis.call('PEXPIRE', KEYS[1], 2 * DAY)

return { granted, math.ceil(wait), why, s.general_limit or burst.limit, burst.per,
  s.daily_limit or -1, (get('reported_at') > 0 and s.left) or -1, get('spent_today'), s.day,
  get('reported_at'), left() }
