# frozen_string_literal: true

require_relative "helper"
require "async"

# Fibers: a wait gives way to the others of its thread.
class TestFibers < DrlTest
  def test_a_hundred_fibers_wait_at_once_on_one_thread
    limiter = warm_limiter(rate: 60, per: 86_400)
    answers = []
    depth = 0
    threads = nil
    SmallScheduler.run do
      REDIS.paused do
        100.times { Fiber.schedule { answers << limiter.allow("a") } }
        depth = limiter.stats.queue_depth
        threads = native_threads.count("drl-io")
      end
    end
    assert_equal 100, depth
    assert_equal 1, threads
    assert_equal [100, 60], [answers.size, answers.count(&:allowed?)]
  end

  def test_all_calls_give_way
    limiter = warm_limiter(rate: 10)
    order = []
    SmallScheduler.run do
      REDIS.paused do
        Fiber.schedule { order << limiter.reset("a") }
        Fiber.schedule { order << limiter.allow_many(%w[a b]).size }
        order << :first
      end
    end
    assert_equal :first, order.first
    assert_equal [nil, 2], order.drop(1).sort_by(&:to_i)
  end

  def test_timeout_in_a_fiber_cancels_its_call_alone
    limiter = warm_limiter
    outcome = []
    SmallScheduler.run do
      Fiber.schedule { outcome << limiter.allow("b").outcome }
      Process.kill(:STOP, REDIS.pid)
      Fiber.schedule do
        Timeout.timeout(0.1) { limiter.allow("a") }
      rescue Timeout::Error
        outcome << :timeout
        Process.kill(:CONT, REDIS.pid)
      end
    end
    assert_equal %i[allowed timeout], outcome.sort
    assert_equal 1, limiter.stats.cancelled
    waiting_calls(limiter, 0)
  ensure
    Process.kill(:CONT, REDIS.pid)
  end

  def test_async_tasks_wait_together
    limiter = limiter(rate: 30, per: 86_400)
    answers = Async { |task| Array.new(50) { task.async { limiter.allow("a") } }.map(&:wait) }.wait
    assert_equal 30, answers.count(&:allowed?)
  end

  def test_stopping_async_tasks_cancels_their_calls
    limiter = warm_limiter
    before = descriptors
    REDIS.paused do
      Async do |task|
        tasks = Array.new(20) { task.async { limiter.allow("a") } }
        task.sleep(0.05)
        assert_equal 20, limiter.stats.queue_depth
        tasks.each(&:stop)
      end
    end
    assert_equal 20, limiter.stats.cancelled
    assert_operator descriptors, :<=, before + 2
    assert limiter.peek("a").allowed?
  end

  def test_threads_and_fibers_share_a_limiter
    limiter = limiter(rate: 100, per: 86_400)
    threads = Array.new(4) { Thread.new { Array.new(25) { limiter.allow("a") } } }
    fibers = Array.new(2) do
      Thread.new { SmallScheduler.run { [].tap { |got| 25.times { Fiber.schedule { got << limiter.allow("a") } } } } }
    end
    answers = threads.flat_map(&:value) + fibers.flat_map(&:value)
    assert_equal [150, 100], [answers.size, answers.count(&:allowed?)]
  end
end
