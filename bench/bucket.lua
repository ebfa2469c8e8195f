-- A token bucket as users of Redis clients write it: one GET and one SET. The peers of bench/go and bench/ruby run it.
local rate, per, cost = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local interval = per / rate
local full = tonumber(redis.call('GET', KEYS[1]) or now)
if full < now then full = now end
local after = full + cost * interval
if after - now > per then
  return {0, math.floor((per - (full - now)) / interval), math.ceil(after - now - per)}
end
redis.call('SET', KEYS[1], string.format('%d', after), 'PX', math.ceil((after - now) / 1000))
return {1, math.floor((per - (after - now)) / interval), 0}
