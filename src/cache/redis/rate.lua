-- Takes one request of every quota, or of none. ARGV: step and window of each key, in microseconds.
-- Answers 1 or 0, then the debt of each key in microseconds: after the request if it passed.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local passed, debts = 1, {}
for i, key in ipairs(KEYS) do
  local full_at = tonumber(redis.call('GET', key) or 0)
  debts[i] = math.max(full_at - now, 0)
  if debts[i] + ARGV[2 * i - 1] > tonumber(ARGV[2 * i]) then passed = 0 end
end
local answer = {passed}
for i, key in ipairs(KEYS) do
  if passed == 1 then
    debts[i] = debts[i] + ARGV[2 * i - 1]
    redis.call('SET', key, string.format('%.0f', now + debts[i]), 'PX', math.ceil(debts[i] / 1000))
  end
  answer[i + 1] = debts[i]
end
return answer
