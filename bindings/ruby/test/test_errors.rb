# frozen_string_literal: true

require_relative "helper"

class TestErrors < DrlTest
  def assert_names(argument, error, &block)
    raised = assert_raises(error, &block)
    assert_includes raised.message, argument
    raised
  end

  def test_the_errors_are_a_family
    assert_operator Drl::TimeoutError, :<, Drl::Error
    assert_operator Drl::Error, :<, StandardError
    assert_operator Drl::InvalidArgumentError, :<, ArgumentError
  end

  def test_wrong_types_are_type_errors_that_name_the_argument
    limiter = limiter()
    [nil, 1, :a, ["a"]].each { |wrong| assert_names("identity", TypeError) { limiter.allow(wrong) } }
    [nil, "1", 1.0, true].each { |wrong| assert_names("cost", TypeError) { limiter.allow("a", cost: wrong) } }
    assert_names("identities", TypeError) { limiter.allow_many("a") }
    assert_names("identity of request 1", TypeError) { limiter.allow_many(["a", 2]) }
    assert_names("cost of request 1", TypeError) { limiter.allow_many(%w[a b], cost: [1, "2"]) }
    assert_names("decision", TypeError) { limiter.headers([1]) }
    [nil, 6379, :redis].each { |wrong| assert_names("redis_url", TypeError) { Drl::Client.new(wrong) } }
  end

  def test_wrong_types_of_a_policy_name_the_argument
    { rate: "100", per: "60", burst: 1.5 }.each do |argument, wrong|
      assert_names(argument.to_s, TypeError) { limiter(**{ rate: 1, per: 1, argument => wrong }) }
    end
    assert_names("limits", TypeError) { limiter(limits: { rate: 1, per: 1 }) }
    assert_names("limits[0]", TypeError) { limiter(limits: [5]) }
    assert_names("namespace", TypeError) { limiter(namespace: 5) }
    assert_names("timeout", TypeError) { limiter(timeout: "1s") }
    assert_names("rate", TypeError) { Drl::RateLimiter.new(REDIS.url) }
  end

  def test_wrong_types_of_a_resolver_name_the_argument
    [nil, "10.0.0.0/8", [8], [nil]].each { |wrong| assert_names("networks", TypeError) { Drl::AddressResolver.new(networks: wrong) } }
    resolver = Drl::AddressResolver.new
    [nil, "198.51.100.1", [8], [nil]].each { |wrong| assert_names("lines", TypeError) { resolver.resolve("192.0.2.1", wrong) } }
    assert_names("peer", TypeError) { resolver.resolve(8) }
  end

  def test_wrong_values_are_argument_errors_that_name_the_argument
    limiter = limiter()
    assert_equal "DRL_ERR_IDENTITY", assert_names("identity", Drl::InvalidArgumentError) { limiter.allow("") }.status_name
    assert_names("cost", ArgumentError) { limiter.allow("a", cost: -1) }
    assert_names("cost", ArgumentError) { limiter.allow("a", cost: 2**64) }
    assert_names("cost", ArgumentError) { limiter.allow("a", cost: -2**64) }
    assert_names("rate", Drl::InvalidArgumentError) { limiter(rate: 0) }
    assert_names("per", Drl::InvalidArgumentError) { limiter(per: -1) }
    assert_names("per", ArgumentError) { limiter(per: Float::NAN) }
    assert_names("burst", ArgumentError) { limiter(burst: 0) }
    assert_names("timeout", ArgumentError) { limiter(timeout: 0) }
    assert_names("fail_strategy", ArgumentError) { limiter(fail_strategy: :maybe) }
    assert_names("styles", ArgumentError) { limiter.headers(limiter.peek("a"), styles: [:fancy]) }
    assert_names("redis_url", ArgumentError) { Drl::Client.new("redis://host\0name") }
    assert_names("spin", ArgumentError) { Drl::Client.new(REDIS.url, spin: :fast) }
  end

  def test_client_options_beside_a_shared_client_are_an_error
    shared = client
    assert_names("timeout", ArgumentError) { Drl::RateLimiter.new(shared, rate: 1, per: 1, timeout: 1) }
  end

  def test_allow_many_with_a_wrong_request_charges_nothing
    limiter = limiter(rate: 5)
    ["", "x" * 65_537].each do |wrong|
      error = assert_names("identity of request 2", Drl::InvalidArgumentError) { limiter.allow_many(["a", "b", wrong]) }
      assert_equal "DRL_ERR_IDENTITY", error.status_name
    end
    [-1, 1_000_000_000_001, 2**70].each do |wrong|
      assert_names("cost of request 1", Drl::InvalidArgumentError) { limiter.allow_many(%w[a b], cost: [1, wrong]) }
    end
    assert_names("identities", ArgumentError) { limiter.allow_many([]) }
    assert_names("cost", ArgumentError) { limiter.allow_many(%w[a b], cost: [1]) }
    assert_equal 5, limiter.peek("a").remaining
  end

  def test_a_closed_limiter_raises
    limiter = limiter()
    decision = limiter.allow("a")
    2.times { limiter.close }
    assert limiter.closed?
    calls = [-> { limiter.allow("a") }, -> { limiter.peek("a") }, -> { limiter.reset("a") }, -> { limiter.allow_many(["a"]) },
             -> { limiter.headers(decision) }, -> { limiter.problem(decision) }, -> { limiter.stats }, -> { limiter.metrics }]
    calls.each { |call| assert_equal 200, assert_raises(Drl::ClosedError, &call).status }
  end

  def test_a_limiter_of_a_closed_client_raises
    client = client()
    limiter = limiter(client)
    client.close
    assert_raises(Drl::ClosedError) { limiter.allow("a") }
    assert_raises(Drl::ClosedError) { client.limiter(rate: 1, per: 1) }
    assert_nil limiter.close
  end

  def test_what_was_never_opened_raises
    %i[allow peek reset].each { |call| assert_raises(TypeError) { Drl::RateLimiter.allocate.public_send(call, "a") } }
    %i[close closed? stats].each { |call| assert_raises(TypeError) { Drl::Client.allocate.public_send(call) } }
  end

  def test_without_redis_the_fail_strategy_speaks
    away = "unix:///nonexistent/redis.sock"
    open = limiter(away, fail_strategy: :open).allow("a")
    assert_equal [true, :undecided, :connect, :no, true], [open.allowed?, open.outcome, open.cause, open.charged, open.degraded?]
    assert_equal [Drl::LimitState.new(rate: 10, per: 3600.0, burst: 10, remaining: 0, reset_after: 0.0)], open.limits
    refute limiter(away, fail_strategy: :closed).allow("a").allowed?
    error = assert_raises(Drl::ConnectionError) { limiter(away, fail_strategy: :error).allow("a") }
    assert_equal ["DRL_ERR_CONNECT", :undecided], [error.status_name, error.decision.outcome]
    assert_raises(Drl::ConnectionError) { limiter(away, fail_strategy: :open).reset("a") }
  end

  def test_a_silent_redis_is_a_timeout_error
    limiter = limiter(timeout: 0.05)
    limiter.allow("a")
    REDIS.paused do
      error = assert_raises(Drl::TimeoutError) { limiter.allow("a") }
      assert_equal :unknown, error.decision.charged
    end
  end

  def test_the_url_is_never_shown
    url = "redis://user:secret@localhost:6379/0"
    client = client(url)
    refute_includes client.inspect + limiter(client).inspect, "secret"
  end
end
