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
  SCRIPT = File.read(File.join(__dir__, "../bucket.lua"))

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
