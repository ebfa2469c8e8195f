# frozen_string_literal: true

require_relative "helper"
require_relative "support/slow_proxy"

# Threads: a wait lets others run, can be interrupted, and leaves nothing behind.
class TestWaiting < DrlTest
  def test_other_threads_run_while_a_call_waits
    limiter = warm_limiter
    ticks = 0
    REDIS.paused do
      call = Thread.new { limiter.allow("a") }
      deadline = now + 0.2
      ticks += 1 while now < deadline
      assert call.alive?
      call.kill.join
    end
    assert_operator ticks, :>, 1000
  end

  def test_a_busy_thread_does_not_stop_calls
    limiter = limiter(rate: 1000)
    busy = Thread.new { loop { 1 + 1 } }
    assert_equal 5, Array.new(5) { limiter.allow("a") }.count(&:allowed?)
  ensure
    busy.kill.join
  end

  def test_timeout_ends_a_wait_at_once
    limiter = warm_limiter
    REDIS.paused do
      [-> { limiter.allow("a") }, -> { limiter.reset("a") }, -> { limiter.allow_many(%w[a b c]) }].each do |call|
        start = now
        assert_raises(Timeout::Error) { Timeout.timeout(0.1) { call.call } }
        assert_in_delta 0.1, now - start, 2
      end
      assert_equal 5, limiter.stats.cancelled
    end
  end

  def test_kill_ends_a_wait_at_once
    limiter = warm_limiter
    REDIS.paused do
      threads = Array.new(10) { Thread.new { limiter.allow("a") } }
      waiting_calls(limiter, 10)
      start = now
      threads.each(&:kill).each(&:join)
      assert_operator now - start, :<, 2
    end
    assert_equal 10, limiter.stats.cancelled
  end

  def test_a_signal_is_handled_during_a_wait
    limiter = warm_limiter
    handled = nil
    previous = trap(:USR1) { handled = now }
    REDIS.paused do
      sender = Thread.new { sleep(0.1) && Process.kill(:USR1, Process.pid) && now }
      assert_raises(Timeout::Error) { Timeout.timeout(1) { limiter.allow("a") } }
      assert_in_delta sender.value, handled, 0.5
    end
  ensure
    trap(:USR1, previous)
  end

  def test_an_ensure_block_may_call_after_a_cancellation
    limiter = warm_limiter(rate: 5)
    before = limiter.peek("b")
    after = nil
    REDIS.paused do
      waiting = Thread.new do
        limiter.allow("b")
      ensure
        after = limiter.headers(before)
      end
      waiting_calls(limiter, 1)
      waiting.kill.join
    end
    assert_equal "5", after["RateLimit-Limit"]
    assert_equal 5, limiter.peek("a").remaining
  end

  def test_cancellations_at_random_moments_leave_no_trace_and_no_wrong_answer
    seed = Random.new_seed
    random = Random.new(seed)
    proxy = SlowProxy.new(REDIS, 0.002)
    limiter = warm_limiter(redis: proxy.url, rate: 1_000_000, per: 8_640_000)
    before = descriptors
    answered = Hash.new(0)
    300.times do |i|
      identity = "id-#{i % 7}"
      cost = 1 + (i % 5)
      decision = interrupted_call(limiter, identity, cost, random) or next
      assert_equal cost, decision.cost, "seed #{seed}"
      answered[identity] += cost
    end
    assert_operator answered.values.sum, :>, 20, "seed #{seed}"
    assert_operator limiter.stats.cancelled, :>, 20, "seed #{seed}"
    check_remains(limiter, answered, before, seed)
  ensure
    proxy.close
  end

  # A decision, or nil when Timeout or kill came first.
  def interrupted_call(limiter, identity, cost, random)
    decision = nil
    thread = Thread.new do
      Timeout.timeout(random.rand(0.001..0.006)) { decision = limiter.allow(identity, cost: cost) }
    rescue Timeout::Error
      nil
    end
    sleep(random.rand(0.006))
    thread.kill if random.rand < 0.5
    thread.join
    decision
  end

  def check_remains(limiter, answered, before, seed)
    asked = (0...7).to_h { |k| ["id-#{k}", (0...300).sum { |i| i % 7 == k ? 1 + (i % 5) : 0 }] }
    asked.each do |identity, total|
      taken = 1_000_000 - limiter.peek(identity).remaining
      # A bucket refills by a token in nine seconds; more was never taken than asked, nor less than answered.
      assert_operator taken, :<=, total, "seed #{seed}"
      assert_operator taken, :>=, answered[identity] - 20, "seed #{seed}"
    end
    waiting_calls(limiter, 0)
    assert_operator descriptors, :<=, before + 2
  end

  def test_two_hundred_calls_take_one_thread_of_the_library
    limiter = warm_limiter
    REDIS.paused do
      threads = Array.new(200) { Thread.new { limiter.allow("a") } }
      waiting_calls(limiter, 200)
      assert_equal 1, native_threads.count("drl-io")
      assert_operator native_threads.size, :<=, 200 + 5
      threads.each(&:kill).each(&:join)
    end
  end

  def test_waits_of_many_threads_are_all_answered
    limiter = limiter(rate: 500, per: 86_400)
    answers = Array.new(50) { Thread.new { Array.new(20) { limiter.allow("a") } } }.flat_map(&:value)
    assert_equal 500, answers.count(&:allowed?)
    assert_equal (0...500).to_a, answers.select(&:allowed?).map(&:remaining).sort
  end

  def test_close_ends_waiting_calls
    limiter = warm_limiter
    REDIS.paused do
      threads = Array.new(5) { Thread.new { assert_raises(Drl::ClosedError) { limiter.allow("a") } } }
      waiting_calls(limiter, 5)
      limiter.close
      threads.each { |thread| assert thread.join(5) }
    end
  end

  def test_calls_survive_gc_stress
    limiter = limiter(rate: 1000)
    decisions = []
    stressed do
      3.times { decisions << limiter.allow("a" + "b") << limiter.peek("ab") }
      decisions.concat(limiter.allow_many(%w[x y z], cost: [1, 2, 3]))
      limiter.headers(decisions.last)
      limiter.problem(decisions.last)
      limiter.reset("ab")
      assert_raises(TypeError) { limiter.allow(nil) }
      limiter.stats
    end
    assert_equal [999, 999, 998, 998, 997, 997, 999, 998, 997], decisions.map(&:remaining)
  end

  def test_opening_and_closing_survive_gc_stress
    stressed do
      opened = Drl::RateLimiter.new(REDIS.url, rate: 1, per: 3600, namespace: "stress", timeout: 10)
      opened.peek("a")
      opened.close
      assert_raises(Drl::InvalidArgumentError) { Drl::RateLimiter.new(REDIS.url, rate: 0, per: 1) }
    end
  end

  # With a scheduler, since a waiter then holds an object too.
  def test_calls_survive_compaction
    limiter = limiter(rate: 1000, per: 86_400)
    decisions = SmallScheduler.run do
      Array.new(5) do
        REDIS.paused do
          Array.new(5) { |i| [].tap { |got| Fiber.schedule { got << limiter.allow("id-#{i}") } } }.tap { compact }
        end
      end
    end
    compact
    assert_equal [999, 998, 997, 996, 995] * 5, decisions.transpose.flatten.map(&:remaining)
  end

  def compact
    GC.verify_compaction_references(toward: :empty)
  end

  def stressed
    GC.stress = true
    yield
  ensure
    GC.stress = false
  end

  def test_what_is_dropped_is_collected
    before = descriptors
    20.times { Drl::RateLimiter.new(REDIS.url, rate: 1, per: 1, timeout: 10).allow("dropped") }
    10.times { GC.start }
    assert_operator descriptors, :<, before + 40
    assert_operator native_threads.count("drl-io"), :<, 15
  end
end
