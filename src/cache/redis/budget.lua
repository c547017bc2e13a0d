-- The rules of ledger.rs and window.rs, for all processes at once. Times are ms since 1970, by
-- Redis' clock.
-- KEYS: account (hash), grant (hash), then sorted sets by time: general requests that landed and
-- that are on their way, search requests likewise, and the places promised to people.
-- ARGV: verb, burst limit, burst ms, search limit, search ms, daily tokens; tokens and answers that
-- are owed from a time without Redis, whether the caller granted by itself just before; what the
-- caller remembers for the case that all is forgotten here (daily limit, left, reported at, day,
-- spent that day, reset hour; day -1 for nothing); then the verb's own.
-- Answers: granted, wait ms, why (1 burst, 2 daily, 3 blocked), then the view.
local DAY, HOUR, PAST_THE_HOUR, FORGIVEN = 86400000, 3600000, 30000, 30000
local GRACE, LOST, RECENT, AROUND, KEPT, LATE = 20, 30000, 2000, 30000, 40, 250
local STRIKE_WITHIN, LONGEST_STRIKE, SANE_BURST = 10000, 900000, 100000
local JOBS_LEAVE, DELIVERIES_LEAVE = 25, 50
local LOOKING, UNKNOWN = 60000, 10
-- After that long every process has noticed that Redis is back (REST_MS in mod.rs).
local REST = 1000
local BURST, DAILY, BLOCKED = 1, 2, 3

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local number = {}
for i = 2, #ARGV do number[i] = tonumber(ARGV[i]) end
local verb = ARGV[1]
local burst = { limit = number[2], per = number[3] + GRACE, landed = KEYS[3], flying = KEYS[4] }
local search = { limit = number[4], per = number[5] + GRACE, landed = KEYS[5], flying = KEYS[6] }
local daily_tokens, owed, answers, alone = number[6], number[7], number[8], number[9] == 1

local function read(key, names)
  local stored, values, fresh = redis.call('HMGET', key, unpack(names)), {}, true
  for i, name in ipairs(names) do
    if stored[i] then values[name] = tonumber(stored[i]); fresh = false end
  end
  return values, fresh
end
local s, fresh = read(KEYS[1], { 'shut_until', 'shut_why', 'held_until', 'careful_until', 'daily_limit', 'left',
  'reported_at', 'probed_at', 'reset_hour', 'day', 'spent_today', 'under_way', 'under_way_last',
  'under_way_since' })
local g = read(KEYS[2], { 'general_limit', 'search_limit', 'blocked_until', 'strikes', 'people_at',
  'serial' })
local function get(values, name) return values[name] or 0 end

local function hold(extra)
  local until_then = now + math.max(burst.per, search.per) + extra
  s.held_until = math.max(get(s, 'held_until'), until_then)
  s.careful_until = now + LOST
end

-- Emptied meanwhile: the day's use comes from the caller's memory. What went out just before, here
-- or from processes that are still by themselves, nobody knows.
if fresh and number[13] >= 0 then
  local reported, today = number[12], number[13] == math.floor(now / DAY)
  if number[10] > 0 then s.daily_limit = number[10] end
  if number[15] >= 0 then s.reset_hour = number[15] end
  if today then s.day, s.spent_today = number[13], number[14] end
  if today or (reported > 0 and now - reported < DAY) then
    s.left, s.reported_at = number[11], reported
  end
  hold(REST)
elseif alone then
  hold(REST)
end

-- roll
local today = math.floor(now / DAY)
if s.day ~= today then
  s.day, s.spent_today = today, 0
  if get(s, 'reported_at') == 0 then s.left = nil end
end
if get(s, 'reported_at') > 0 and now - s.reported_at >= DAY then s.left, s.reported_at = nil, 0 end
local age = now - get(s, 'under_way_since')
if age >= FORGIVEN then
  s.under_way_last = age >= 2 * FORGIVEN and 0 or get(s, 'under_way')
  s.under_way, s.under_way_since = 0, now
end

local function left() return s.left or s.daily_limit or daily_tokens end
local function charge(tokens)
  s.left = math.max(0, left() - tokens)
  s.spent_today = get(s, 'spent_today') + tokens
end

-- Members are unique: a counter numbers them.
local function add(window, set, at)
  g.serial = get(g, 'serial') + 1
  redis.call('ZADD', set, at, g.serial)
  redis.call('PEXPIRE', set, window.per + LOST + RECENT)
end
local function land(window, at)
  redis.call('ZPOPMIN', window.flying)
  add(window, window.landed, at)
end
local function full(window, mine)
  redis.call('ZREMRANGEBYSCORE', window.landed, '-inf', now - window.per - RECENT)
  redis.call('ZREMRANGEBYSCORE', window.flying, '-inf', now - window.per - LOST)
  local since = '(' .. string.format('%.0f', now - window.per)
  local used = redis.call('ZCOUNT', window.landed, since, '+inf') + redis.call('ZCARD', window.flying)
  mine = math.max(1, mine)
  if used < mine then return 0 end
  -- Room comes when all but `mine - 1` have left. What is on its way leaves last.
  local last = redis.call('ZRANGEBYSCORE', window.landed, since, '+inf', 'WITHSCORES', 'LIMIT', used - mine, 1)
  if not last[2] then return window.per end
  return math.max(1, tonumber(last[2]) + window.per - now)
end

if owed > 0 then charge(owed) end
for _ = 1, math.min(answers, redis.call('ZCARD', burst.flying)) do land(burst, now) end
local granted, wait, why = 0, 0, 0

if verb == 'take' then
  local tokens, in_search, job = number[16], number[17] == 1, number[18] == 1
  local shut, held = get(s, 'shut_until'), math.max(get(s, 'held_until'), get(g, 'blocked_until'))
  if shut > now then
    wait, why = shut - now, get(s, 'shut_why')
  elseif held > now then
    wait, why = held - now, BURST
  else
    redis.call('ZREMRANGEBYSCORE', KEYS[7], '-inf', now)
    local promised = redis.call('ZCARD', KEYS[7])
    local around = get(g, 'people_at') > 0 and now - g.people_at < AROUND
    local careful = now < get(s, 'careful_until')
    local function mine(limit)
      local all = careful and limit - math.floor(limit / UNKNOWN) or limit
      if not job or not around then return all end
      return all - math.max(promised, math.floor(limit / KEPT))
    end
    wait = full(burst, mine(g.general_limit or burst.limit))
    if in_search then
      local narrow = math.min(search.limit, g.search_limit or search.limit)
      wait = math.max(wait, full(search, mine(narrow)))
    end
    if not job then
      g.people_at = now
      if wait > 0 then add(burst, KEYS[7], now + wait + LATE) else redis.call('ZPOPMIN', KEYS[7]) end
    end
    if wait > 0 then why = BURST end
  end
  if why == 0 then
    local limit = s.daily_limit or daily_tokens
    local leaves = ({ JOBS_LEAVE, DELIVERIES_LEAVE })[number[18]]
    local reserved = leaves and math.ceil(limit / leaves) or 0
    if left() < tokens + reserved then
      local reported = get(s, 'reported_at')
      local last = math.max(reported, get(s, 'probed_at'))
      local next_look = (math.floor((last - PAST_THE_HOUR) / HOUR) + 1) * HOUR + PAST_THE_HOUR
      if reported > 0 and next_look <= now then
        s.probed_at = now
      else
        why = DAILY
        local again = reported > 0 and next_look or (s.day + 1) * DAY
        -- Somebody is looking: its answer may let everybody on.
        local looked = get(s, 'probed_at')
        if looked > reported and now - looked < LOOKING then again = looked + LOOKING end
        wait = math.min(math.max(again - now, 1), HOUR)
      end
    end
  end
  if why == 0 then
    granted = 1
    add(burst, burst.flying, now)
    if in_search then add(search, search.flying, now) end
    charge(tokens)
    s.under_way = get(s, 'under_way') + tokens
  end
elseif verb == 'observe' then
  local tokens, in_search = number[16], number[17] == 1
  local limit, remaining, daily_limit, daily_remaining = number[18], number[19], number[20], number[21]
  local at, took = now - math.min(math.max(number[22], 0), LOST), number[23]
  local older = math.max(0, tokens - get(s, 'under_way'))
  s.under_way = math.max(0, get(s, 'under_way') - tokens)
  s.under_way_last = math.max(0, get(s, 'under_way_last') - older)
  land(burst, at)
  if in_search then land(search, at) end
  local window = in_search and search or burst
  local name = in_search and 'search_limit' or 'general_limit'
  if limit >= 1 and limit <= SANE_BURST then g[name] = limit end
  if remaining >= 0 and took < RECENT then
    local used = math.max(0, (g[name] or window.limit) - remaining)
    local known = redis.call('ZCARD', window.landed) + redis.call('ZCARD', window.flying)
    for _ = 1, used - known do add(window, window.landed, now) end
  end
  local grown = daily_limit > 0 and s.daily_limit ~= daily_limit
  if daily_limit > 0 then s.daily_limit = daily_limit end
  if daily_remaining >= 0 then
    local under_way = get(s, 'under_way') + get(s, 'under_way_last')
    local tenth = math.floor((s.daily_limit or daily_tokens) / 10)
    local reported = get(s, 'reported_at')
    if reported > 0 and not grown and daily_remaining > left() + under_way + tenth then
      -- Another day has begun: if only one full hour lies between, that was when.
      local hour = math.floor(reported / HOUR) + 1
      if hour * HOUR <= now and now < (hour + 1) * HOUR then s.reset_hour = hour % 24 end
    end
    s.left = math.min(daily_remaining, math.max(left(), daily_remaining - under_way))
    s.reported_at = now
  end
elseif verb == 'block' then
  local pause, reason = number[16], number[17]
  if reason == BURST then
    local till = get(g, 'blocked_until')
    if not (till > now and till >= now + pause) then
      if till > 0 and till <= now then
        g.strikes = now - till < STRIKE_WITHIN and math.min(get(g, 'strikes') + 1, 10) or 0
        if g.strikes > 0 then pause = math.min(pause * 2 ^ g.strikes, LONGEST_STRIKE) end
      end
      g.blocked_until = now + pause
    end
  else
    if get(s, 'shut_until') < now + pause then s.shut_until, s.shut_why = now + pause, reason end
    if reason == DAILY then s.left, s.reported_at = 0, now end
  end
end

local function store(key, values)
  local write = {}
  for name, value in pairs(values) do
    write[#write + 1] = name
    write[#write + 1] = string.format('%.0f', value)
  end
  if #write > 0 then redis.call('HSET', key, unpack(write)) end
  redis.call('PEXPIRE', key, 7 * DAY)
end
store(KEYS[1], s)
store(KEYS[2], g)
if not s.left then redis.call('HDEL', KEYS[1], 'left') end

return { granted, math.ceil(wait), why, g.general_limit or burst.limit, number[3],
  s.daily_limit or -1, (get(s, 'reported_at') > 0 and s.left) or -1, get(s, 'spent_today'), s.day,
  get(s, 'reported_at'), left(), s.reset_hour or -1 }
