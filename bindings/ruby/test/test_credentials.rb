# frozen_string_literal: true

require "pp"
require_relative "helper"

# Credentials from a function, asked in a Ruby thread, whatever it does.
class TestCredentials < DrlTest
  GOOD = { username: "drl", password: "first" }.freeze

  def setup
    super
    @redis = PrivateRedis.new
    @redis.guard("first")
  end

  def teardown
    super
    @redis.command("ACL LOG RESET") # logins that were meant to fail
    @redis.remove
  end

  def open_limiter(credentials, **options)
    limiter(@redis.url, rate: 1_000_000, credentials: credentials, **options)
  end

  def decides?(limiter)
    limiter.allow("a").allowed?
  rescue Drl::UnavailableError
    false
  end

  def eventually(&block)
    Timeout.timeout(20) { sleep 0.01 until block.call }
  end

  def threads
    Thread.list.select { |thread| thread.name == "drl-credentials" }
  end

  def test_it_is_asked_at_each_connection
    asked = []
    limiter = open_limiter(-> { asked << Thread.current.name; GOOD })
    assert limiter.allow("a").allowed?
    before = asked.size
    @redis.disconnect
    eventually { decides?(limiter) && asked.size > before }
    assert_equal ["drl-credentials"], asked.uniq
  end

  def test_a_struct_and_any_callable_do_as_well
    callable = Class.new { def call = Drl::Credentials.new(username: "drl", password: "first", expires_in: 900) }.new
    assert open_limiter(callable).allow("a").allowed?
    assert open_limiter(method(:good)).allow("a").allowed?
  end

  def good = GOOD

  def test_what_expires_is_asked_for_again_in_time
    asked = 0
    limiter = open_limiter(-> { (asked += 1) && { **GOOD, expires_in: 0.4 } })
    eventually { limiter.allow("a").allowed? && asked >= 4 }
    assert_equal [1, 0], [limiter.stats.connects, limiter.stats.undecided]
  end

  def test_a_password_may_change_between_connections
    password = "first"
    limiter = open_limiter(-> { { username: "drl", password: password } })
    assert limiter.allow("a").allowed?
    @redis.guard("second")
    password = "second"
    @redis.disconnect
    eventually { decides?(limiter) }
  end

  NO_LOGINS = {
    "an error" => -> { raise KeyError, "the vault is sealed" },
    "an exception" => -> { raise NotImplementedError },
    "an exit" => -> { exit(3) },
    "a throw" => -> { throw :somewhere },
    "an ended thread" => -> { Thread.exit },
    "a message without UTF-8" => -> { raise "\xff".b },
    "a message that fails" => -> { raise Class.new(StandardError) { def message = raise("no") } },
    "an argument too many" => ->(_) { GOOD },
    "nil" => -> {},
    "an Array" => -> { %w[drl first] },
    "an unknown key" => -> { { user: "drl", password: "first" } },
    "a Symbol" => -> { { username: "drl", password: :first } },
    "a NUL" => -> { { username: "drl", password: "fir\0st" } },
    "a long name" => -> { { username: "u" * 1024, password: "first" } },
    "a long password" => -> { { password: "p" * 16_384 } },
    "an expired one" => -> { { **GOOD, expires_in: -1 } },
    "one that expires now" => -> { { **GOOD, expires_in: 0 } },
    "a wrong password" => -> { { username: "drl", password: "second" } }
  }.freeze

  NO_LOGINS.each do |what, function|
    define_method("test_#{what.tr(" ", "_")}_is_an_authentication_that_fails") do
      limiter = open_limiter(function)
      eventually { assert_raises(Drl::UnavailableError) { limiter.allow("a") }.is_a?(Drl::AuthenticationError) }
      limiter.close
    end
  end

  def test_it_is_asked_again_after_a_failure
    asked = 0
    limiter = open_limiter(-> { (asked += 1) < 3 ? raise("not yet") : GOOD })
    eventually { decides?(limiter) }
  end

  def test_no_call_waits_for_it_beyond_its_timeout
    queue = Queue.new
    limiter = open_limiter(-> { queue.pop || GOOD }, timeout: 0.1)
    start = now
    refute decides?(limiter)
    assert_operator now - start, :<, 3
    queue.close
    eventually { decides?(limiter) }
  end

  def test_closing_does_not_wait_for_it_and_ends_its_thread
    queue = Queue.new
    asked = Queue.new
    limiter = open_limiter(-> { (asked << 1) && queue.pop }, timeout: 0.01)
    decides?(limiter)
    asked.pop
    start = now
    limiter.close
    assert_operator now - start, :<, 2
    queue.close
    eventually { threads.empty? }
  end

  def test_a_client_that_does_not_open_leaves_no_thread
    assert_raises(ArgumentError) { Drl::Client.new("redis://localhost:port", credentials: -> { GOOD }) }
    assert_raises(TypeError) { Drl::Client.new(@redis.url, credentials: "first") }
    eventually { threads.empty? }
  end

  def test_a_child_asks_for_itself
    asked = []
    limiter = open_limiter(-> { (asked << Process.pid) && GOOD })
    assert limiter.allow("a").allowed?
    5.times do
      pid = fork do
        good = limiter.allow("a").allowed? && asked.last == Process.pid && threads.size == 1
        limiter.close
        eventually { threads.empty? }
        exit!(good ? 0 : 1)
      end
      assert_predicate Process.wait2(pid).last, :success?
    end
    assert limiter.allow("a").allowed?
    assert_equal [Process.pid], asked.uniq
  end

  def test_a_process_ends_while_it_is_asked
    assert_equal "true\n", ruby(<<~'RUBY', @redis.url)
      require "drl"
      limiter = Drl::RateLimiter.new(ARGV[0], rate: 10, per: 60, credentials: -> { sleep })
      puts limiter.allow("a").allowed?
    RUBY
  end

  def test_fibers_wait_for_it
    limiter = open_limiter(-> { sleep(0.05) && GOOD })
    answers = []
    SmallScheduler.run { 3.times { Fiber.schedule { answers << limiter.allow("a").allowed? } } }
    assert_equal [true] * 3, answers
  end

  def test_the_cause_is_auth_and_the_password_is_not_shown
    limiter = open_limiter(-> { raise "hidden" }, fail_strategy: :open)
    eventually { limiter.allow("a").cause == :auth }
    hiding = Drl::Credentials.new(username: "drl", password: "hidden")
    [hiding.inspect, hiding.to_s, hiding.pretty_inspect].each { |shown| refute_includes shown, "hidden" }
  end
end
