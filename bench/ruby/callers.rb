# frozen_string_literal: true

# Blocking callers in Ruby threads, on the same work as bench/callers.cc: a million tokens a second for each of 10,000 identities, so
# that every decision is allowed and written. Prints decisions per second.
#
#     callers.rb drl|redis-rb REDIS_UNIX_SOCKET CALLERS SECONDS

IDENTITIES = 10_000

# The gem: one limiter for all threads.
class DrlGem
  def initialize(socket)
    require "drl"
    @limiter = Drl::RateLimiter.new("unix://#{socket}", rate: 1_000_000, per: 1, timeout: 10, fail_strategy: :error)
    @identities = Array.new(IDENTITIES) { |i| "user:#{i}" }
  end

  def caller
    ->(i) { @limiter.allow(@identities[i]).allowed? }
  end
end

# redis-rb with a token bucket in Lua, as its users write it: EVALSHA, and a connection for each thread.
class RedisRb
  SCRIPT = <<~LUA
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
  LUA

  def initialize(socket)
    require "redis"
    @socket = socket
    @keys = Array.new(IDENTITIES) { |i| "limit:#{i.to_s.rjust(26, "0")}" }
    @sha = connect.script(:load, SCRIPT)
  end

  def connect
    Redis.new(path: @socket)
  end

  def caller
    redis = connect
    ->(i) { redis.evalsha(@sha, keys: [@keys[i]], argv: [1_000_000, 1_000_000, 1]).first == 1 }
  end
end

def now
  Process.clock_gettime(Process::CLOCK_MONOTONIC)
end

def count_until(deadline, decide, number)
  i = number * 977
  count = 0
  while now < deadline
    decide.call((i += 31) % IDENTITIES) or abort "denied"
    count += 1
  end
  count
end

side = { "drl" => DrlGem, "redis-rb" => RedisRb }.fetch(ARGV[0]).new(ARGV[1])
seconds = Float(ARGV[3])
callers = Array.new(Integer(ARGV[2])) { side.caller.tap { |decide| decide.call(0) } }
deadline = now + seconds
counts = callers.each_with_index.map { |decide, number| Thread.new { count_until(deadline, decide, number) } }.map(&:value)
puts (counts.sum / seconds).round
