# frozen_string_literal: true

require_relative "helper"

class TestDecisions < DrlTest
  def test_burst_is_allowed_and_the_next_request_is_denied
    limiter = limiter(rate: 3)
    assert_equal [true, true, true, false], Array.new(4) { limiter.allow("user_123").allowed? }
  end

  def test_a_decision_says_all_that_redis_said
    decision = limiter(rate: 10, per: 3600).allow("user_123", cost: 4)
    assert_equal [true, :allowed, nil, :yes, 0, false], [decision.allowed?, decision.outcome, decision.cause, decision.charged,
                                                         decision.binding_index, decision.degraded?]
    assert_equal [10, 6, 4, 0.0], [decision.limit, decision.remaining, decision.cost, decision.retry_after]
    assert_in_delta 1440, decision.reset_after, 1
    assert_in_delta Time.now, decision.decided_at, 60
    assert decision.decided_at.utc?
  end

  def test_a_decision_has_the_limits_in_force
    limiter = limiter(limits: [{ rate: 5, per: 60 }, { rate: 8, per: 3600, burst: 6 }])
    limits = limiter.allow("user_123", cost: 5).limits
    assert_equal [[5, 60.0, 5, 0], [8, 3600.0, 6, 1]], limits.map { |limit| limit.to_a.first(4) }
    assert_in_delta 60, limits[0].reset_after, 1
    assert_in_delta 2250, limits[1].reset_after, 1
    assert limits.frozen? && limits.all?(&:frozen?)
  end

  def test_eight_limits_are_all_in_force
    limiter = limiter(limits: Array.new(8) { |i| { rate: 10 + i, per: 3600 } })
    [limiter.allow("a"), *limiter.allow_many(["a"])].each_with_index do |decision, taken|
      assert_equal (0..7).map { |i| 9 + i - taken }, decision.limits.map(&:remaining)
      assert_equal 8, limiter.headers(decision)["RateLimit-Policy"].scan(";q=").size
    end
  end

  def test_a_decision_without_its_limits_has_no_headers
    limiter = limiter()
    numbers = limiter.peek("a").to_native
    [12, 14, 18].each do |cut|
      error = assert_raises(ArgumentError) { limiter.headers(Drl::Decision.new(numbers.first(cut))) }
      assert_includes error.message, "decision"
    end
  end

  def test_a_denied_decision_says_when_to_come_back
    limiter = limiter(rate: 1, per: 3600)
    limiter.allow("user_123")
    decision = limiter.allow("user_123")
    assert decision.denied?
    assert_in_delta 3600, decision.retry_after, 1
  end

  def test_a_cost_above_the_burst_is_never_allowed
    decision = limiter(rate: 10).allow("user_123", cost: 11)
    assert_equal [:never, nil], [decision.outcome, decision.retry_after]
  end

  def test_a_decision_is_frozen_and_equal_to_its_like
    decision = limiter.allow("user_123")
    assert decision.frozen? && decision.to_native.frozen?
    assert_equal decision, Drl::Decision.new(decision.to_native.dup)
    assert_equal 1, [decision, Drl::Decision.new(decision.to_native.dup)].uniq.size
  end

  def test_a_decision_can_be_matched
    case limiter(rate: 10).allow("user_123")
    in { allowed: true, remaining: 9, limits: [{ burst: 10 }] } then pass
    end
  end

  def test_peek_takes_nothing
    limiter = limiter(rate: 10)
    assert_equal [10, 10, 9], [limiter.peek("a").remaining, limiter.peek("a").remaining, limiter.allow("a").remaining]
  end

  def test_reset_fills_the_bucket
    limiter = limiter(rate: 1)
    limiter.allow("a")
    assert_nil limiter.reset("a")
    assert limiter.allow?("a")
  end

  def test_allow_many_answers_in_order
    decisions = limiter(rate: 5).allow_many(%w[a b a a], cost: [3, 6, 2, 1])
    assert_equal %i[allowed never allowed denied], decisions.map(&:outcome)
  end

  def test_allow_many_takes_thousands
    decisions = limiter(rate: 3000).allow_many(["a"] * 4096)
    assert_equal 3000, decisions.count(&:allowed?)
  end

  def test_several_limits_are_charged_all_or_nothing
    limiter = limiter(limits: [{ rate: 2, per: 3600, name: "burst" }, Drl::Limit.new(rate: 10, per: 86_400, name: "daily")])
    decisions = Array.new(3) { limiter.allow("a") }
    assert_equal [true, true, false], decisions.map(&:allowed?)
    assert_equal 0, decisions.last.binding_index
    assert_equal '"burst";q=2;w=3600, "daily";q=10;w=86400', limiter.headers(decisions.last)["RateLimit-Policy"]
  end

  def test_limiters_of_one_namespace_name_and_limits_share_buckets
    policy = { namespace: "same-#{SecureRandom.hex(8)}", name: "api" }
    before, same, after = [{ rate: 10 }, { rate: 10, burst: 10 }, { rate: 20 }].map { |limits| limiter(**policy, **limits) }
    before.allow("a", cost: 10)
    assert_equal [0, 20], [same.peek("a").remaining, after.peek("a").remaining]
    assert_equal before.key("a"), same.key("a")
    refute_equal before.key("a"), after.key("a")
  end

  def test_the_key_is_the_one_in_redis
    namespace = "key-#{SecureRandom.hex(8)}"
    limiter = limiter(namespace: namespace, name: "api")
    key = limiter.key("user_123")
    assert_match(/\Adrl:#{namespace}:\{[\w-]{22}\}[\w-]{6}:api\z/, key)
    limiter.allow("user_123")
    assert_equal ":1", REDIS.command("EXISTS #{key}")
    assert_raises(Drl::InvalidArgumentError) { limiter.key("") }
    limiter.close
    assert_raises(Drl::ClosedError) { limiter.key("user_123") }
  end

  def test_limiters_share_a_client_and_its_connection
    client = client()
    limiters = %w[a b].map { |name| limiter(client, rate: 1, name: name, namespace: "shared-#{SecureRandom.hex(8)}") }
    assert_equal [true, true], limiters.map { |limiter| limiter.allow?("x") }
    assert_equal 1, client.stats.connects
  end

  def test_bytes_of_any_value_are_an_identity
    limiter = limiter(rate: 1)
    assert_equal [true, true, false], ["\0\xff".b, "\0\xfe".b, "\0\xff".b].map { |bytes| limiter.allow?(bytes) }
  end

  def test_a_limiter_made_from_a_url_closes_with_its_block
    inside = Drl::RateLimiter.open(REDIS.url, rate: 1, per: 1, timeout: 10) { |opened| opened.tap { opened.allow("block") } }
    assert inside.closed? && inside.client.closed?
    shared = Drl::Client.open(REDIS.url) { |client| client.limiter(rate: 1, per: 1) { client } }
    assert shared.closed?
  end

  def test_headers_and_problem_come_from_the_core
    limiter = limiter(rate: 1, per: 60)
    limiter.allow("a")
    decision = limiter.allow("a")
    headers = limiter.headers(decision, styles: %i[draft x], lower_case: true)
    assert_equal %w[ratelimit-policy ratelimit x-ratelimit-limit x-ratelimit-remaining x-ratelimit-reset retry-after].sort,
                 headers.keys.sort
    problem = limiter.problem(decision)
    assert_equal [429, "application/problem+json"], [problem.status, problem.content_type]
    assert_includes problem.body, "quota-exceeded"
  end

  def test_stats_and_metrics_count
    limiter = limiter(rate: 1)
    2.times { limiter.allow("a") }
    limiter.peek("a")
    Timeout.timeout(10) { sleep 0.001 until limiter.stats.peeks == 1 } # counted just after the answer is given
    stats = limiter.stats
    assert_equal [1, 1, 1, :closed, true], [stats.allowed, stats.denied, stats.peeks, stats.breaker, stats.connected]
    assert_equal 3, stats.batch_size.values.sum
    assert_match(/^# TYPE /, limiter.metrics)
  end

  def test_addresses_are_resolved_by_the_core
    resolver = Drl::AddressResolver.new(trust: :networks, networks: ["10.0.0.0/8"])
    assert_equal "203.0.113.7", resolver.resolve("10.1.2.3:80", ["1.2.3.4, 203.0.113.7", "10.9.9.9"])
    assert_equal "198.51.100.1", resolver.resolve("198.51.100.1", ["203.0.113.7"])
  end
end
