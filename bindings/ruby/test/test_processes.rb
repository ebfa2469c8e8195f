# frozen_string_literal: true

require_relative "helper"

# Forks, and the end of a process.
class TestProcesses < DrlTest
  # What the block says in a forked child.
  def in_child
    read, write = IO.pipe
    pid = fork do
      read.close
      write.write(Marshal.dump(yield))
      write.close
      exit!(0)
    rescue Exception => e # rubocop:disable Lint/RescueException
      write.write(Marshal.dump(e.full_message))
      exit!(1)
    end
    write.close
    Timeout.timeout(30) { Marshal.load(read.read) }
  ensure
    Process.wait(pid)
  end

  def test_a_child_opens_a_connection_of_its_own
    limiter = limiter(rate: 5)
    limiter.allow("a")
    child = in_child { [limiter.allow("a").remaining, limiter.allow_many(%w[a]).first.remaining, limiter.stats.connects] }
    assert_equal [3, 2, 1], child
    assert_equal [2, 1], [limiter.peek("a").remaining, limiter.stats.connects]
  end

  def test_a_child_of_a_busy_parent_answers
    limiter = limiter(rate: 1_000_000)
    stop = false
    threads = Array.new(4) { |i| Thread.new { limiter.allow("t#{i}") until stop } }
    answers = Array.new(10) { in_child { Array.new(3) { limiter.allow("child").allowed? } } }
    assert_equal [[true] * 3] * 10, answers
  ensure
    stop = true
    threads.each(&:join)
  end

  def test_fibers_of_a_child_wait_on_its_own_descriptor
    limiter = limiter(rate: 5)
    SmallScheduler.run { limiter.allow("a") }
    child = in_child { SmallScheduler.run { [].tap { |got| 3.times { Fiber.schedule { got << limiter.allow("a") } } } }.map(&:remaining) }
    assert_equal [1, 2, 3], child.sort
  end

  def test_a_child_may_close_and_the_parent_goes_on
    limiter = limiter(rate: 5)
    limiter.allow("a")
    assert_equal true, in_child { limiter.close || limiter.closed? }
    assert_equal 3, limiter.allow("a").remaining
  end

  def test_a_grandchild_answers
    limiter = limiter(rate: 5)
    limiter.allow("a")
    assert_equal 2, in_child { limiter.allow("a") && in_child { limiter.allow("a").remaining } }
  end

  def test_a_process_that_does_not_close_ends
    output = ruby(<<~'RUBY', REDIS.url)
      require "drl"
      $limiter = Drl::RateLimiter.new(ARGV[0], rate: 10, per: 60, namespace: "exit-#{$$}")
      puts $limiter.allow("a").remaining
    RUBY
    assert_equal "9\n", output
  end

  def test_a_process_that_ends_while_threads_wait_ends
    limiter = limiter()
    limiter.allow("a")
    REDIS.paused do
      start = now
      output = ruby(<<~'RUBY', REDIS.url)
        require "drl"
        limiter = Drl::RateLimiter.new(ARGV[0], rate: 10, per: 60, timeout: 600, connect_timeout: 600)
        5.times { Thread.new { limiter.allow("a") } }
        sleep 0.01 until limiter.stats.queue_depth == 5
        puts "bye"
      RUBY
      assert_equal "bye\n", output
      assert_operator now - start, :<, 30
    end
  end

  def test_an_interrupt_ends_a_wait
    REDIS.paused do
      output = ruby(<<~'RUBY', REDIS.url)
        require "drl"
        trap(:INT, "DEFAULT") # who runs the tests in the background has it ignored
        limiter = Drl::RateLimiter.new(ARGV[0], rate: 10, per: 60, timeout: 600, connect_timeout: 600)
        Thread.new { (sleep 0.01 until limiter.stats.queue_depth == 1) || Process.kill(:INT, Process.pid) }
        begin
          limiter.allow("a")
        rescue Interrupt
          limiter.close
          puts "interrupted"
        end
      RUBY
      assert_equal "interrupted\n", output
    end
  end

  def test_a_limiter_can_be_used_at_exit_and_in_a_trap
    output = ruby(<<~'RUBY', REDIS.url)
      require "drl"
      limiter = Drl::RateLimiter.new(ARGV[0], rate: 10, per: 3600, timeout: 10, namespace: "exit-#{$$}")
      at_exit { puts limiter.allow("a").remaining }
      trap(:USR1) { puts limiter.allow("a").remaining }
      Process.kill(:USR1, $$)
    RUBY
    assert_equal "9\n8\n", output
  end

  def test_another_ractor_is_refused_but_may_have_decisions
    output = ruby(<<~'RUBY', REDIS.url)
      require "drl"
      decision = Drl::RateLimiter.open(ARGV[0], rate: 10, per: 3600, timeout: 10, namespace: "ractor-#{$$}") { |limiter| limiter.allow("a") }
      puts Ractor.new(decision) { |made| made.remaining }.take
      puts Ractor.new(ARGV[0].dup) { |url| Drl::RateLimiter.new(url, rate: 1, per: 1) rescue $!.class }.take
    RUBY
    assert_equal %w[9 Ractor::UnsafeError], output.lines(chomp: true).grep_v(/experimental/)
  end

  def test_loading_does_nothing
    output = ruby('require "drl"; puts Thread.list.size, Dir["/proc/self/task/*/comm"].count { |path| File.read(path) == "drl-io\n" }')
    assert_equal "1\n0\n", output
  end
end
