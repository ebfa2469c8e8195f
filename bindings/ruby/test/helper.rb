# frozen_string_literal: true

require "minitest/autorun"
require "securerandom"
require "timeout"
require "drl"
require_relative "support/private_redis"
require_relative "support/small_scheduler"

REDIS = PrivateRedis.new
Minitest.after_run { REDIS.remove }

# What tests share: limiters of namespaces of their own on the private Redis, closed after each test.
class DrlTest < Minitest::Test
  def setup
    @opened = []
  end

  def teardown
    @opened.each(&:close)
  end

  def client(url = REDIS.url, **options)
    Drl::Client.new(url, timeout: 10, **options).tap { |opened| @opened << opened }
  end

  def limiter(redis = nil, rate: 10, per: 3600, **options)
    options = { namespace: "test-#{SecureRandom.hex(8)}", fail_strategy: :error, **options }
    options = { rate: rate, per: per, **options } unless options.key?(:limits)
    options = { timeout: 10, **options } unless redis.is_a?(Drl::Client)
    Drl::RateLimiter.new(redis || REDIS.url, **options).tap { |opened| @opened << opened }
  end

  def now
    Process.clock_gettime(Process::CLOCK_MONOTONIC)
  end

  # A limiter that is connected and has nothing under way.
  def warm_limiter(redis: nil, **options)
    limiter(redis, **options).tap do |limiter|
      limiter.allow("warm")
      waiting_calls(limiter, 0)
    end
  end

  # Returns when so many calls are under way.
  def waiting_calls(limiter, count)
    Timeout.timeout(20) { sleep 0.002 until limiter.stats.queue_depth == count }
  end

  def native_threads
    Dir["/proc/self/task/*/comm"].map { |path| File.read(path).chomp rescue nil }.compact
  end

  def descriptors
    Dir.children("/proc/self/fd").size
  end

  # Runs Ruby in a process of its own; its output. It must end by itself within a minute.
  def ruby(script, *arguments)
    command = [RbConfig.ruby, *$LOAD_PATH.map { |path| "-I#{path}" }, "-e", script, "--", *arguments]
    IO.popen(command, err: %i[child out]) do |child|
      Timeout.timeout(60) { child.read }
    rescue Timeout::Error
      Process.kill(:KILL, child.pid)
      flunk "the process did not end"
    end
  end
end
