# frozen_string_literal: true

require_relative "helper"
require "minitest/mock"
require_relative "support/web"

# The middleware in Puma, asked by Net::HTTP, on the Rack that is installed. RUBYLIB=.../rack-3.x/lib runs all of this on that one.
class TestRack < DrlTest
  include Web

  def statuses(count)
    Array.new(count) { |i| (yield i).code.to_i }
  end

  def test_after_the_burst_comes_429_with_a_problem_body
    serving(limiter: limiter(rate: 3, per: 3600)) do |port|
      assert_equal [200, 200, 200], statuses(3) { get(port) }
      refused = get(port)
      assert_equal ["429", "application/problem+json", "no-store"], [refused.code, refused["Content-Type"], refused["Cache-Control"]]
      assert_includes 1190..1200, Integer(refused["Retry-After"], 10)
      problem = JSON.parse(refused.body)
      assert_equal [429, ["default"]], problem.values_at("status", "violated-policies")
      assert_includes problem["type"], "quota-exceeded"
    end
  end

  def test_headers_are_on_allowed_answers_too
    serving(limiter: limiter(rate: 100, per: 60)) do |port|
      answer = get(port)
      assert_equal "served", answer.body
      assert_equal '"default";q=100;w=60', answer["RateLimit-Policy"]
      assert_equal '"default";r=99;t=1', answer["RateLimit"]
      assert_equal %w[100 99 1], answer.values_at_limit_headers
      assert_nil answer["Retry-After"]
    end
  end

  def test_a_forged_header_has_no_effect_by_default
    serving(limiter: limiter(rate: 2)) do |port|
      assert_equal [200, 200, 429, 429], statuses(4) { |i| get(port, "X_Forwarded_For" => "198.51.100.#{i}") }
    end
  end

  def test_behind_a_trusted_proxy_its_word_counts_and_the_forged_part_does_not
    resolver = Drl::AddressResolver.new(trust: :networks, networks: ["127.0.0.0/8"])
    serving(limiter: limiter(rate: 2), resolver: resolver) do |port|
      forged = statuses(3) { |i| get(port, "X_Forwarded_For" => "198.51.100.#{i}, 203.0.113.7") }
      assert_equal [200, 200, 429], forged
      assert_equal 200, get(port, "X_Forwarded_For" => "203.0.113.8").code.to_i
    end
  end

  def test_all_lines_of_the_header_are_read
    resolver = Drl::AddressResolver.new(trust: :networks, networks: ["127.0.0.0/8"])
    serving(limiter: limiter(rate: 2), resolver: resolver) do |port|
      lines = ->(i) { ["X-Forwarded-For: 198.51.100.#{i}", "X-Forwarded-For: 203.0.113.7"] }
      assert_equal [200, 200, 429], Array.new(3) { |i| raw_status(port, *lines.call(i)) }
    end
  end

  def test_a_forged_header_with_an_underscore_has_no_effect
    resolver = Drl::AddressResolver.new(trust: :networks, networks: ["127.0.0.0/8"])
    serving(limiter: limiter(rate: 2), resolver: resolver) do |port|
      lines = ->(i) { ["X-Forwarded-For: 203.0.113.7", "X_Forwarded_For: 198.51.100.#{i}"] }
      assert_equal [200, 200, 429], Array.new(3) { |i| raw_status(port, *lines.call(i)) }
    end
  end

  def test_the_forwarded_header_is_read_where_asked_for
    resolver = Drl::AddressResolver.new(trust: :hops, hops: 1, header: :forwarded)
    serving(limiter: limiter(rate: 1), resolver: resolver) do |port|
      assert_equal [200, 429], statuses(2) { get(port, "Forwarded" => "for=203.0.113.7") }
      assert_equal 200, get(port, "Forwarded" => "for=203.0.113.8").code.to_i
    end
  end

  def test_identity_cost_and_skip_are_per_request
    options = { identity: ->(env) { env["HTTP_X_KEY"]&.then { |key| "key:#{key}" } },
                cost: ->(env) { env["PATH_INFO"] == "/dear" ? 5 : 1 }, skip: ->(env) { env["PATH_INFO"] == "/health" } }
    serving(limiter: limiter(rate: 6), **options) do |port|
      assert_equal %w[1 0], [get(port, "/dear", "X_Key" => "a"), get(port, "X_Key" => "a")].map { |answer| answer["RateLimit-Remaining"] }
      assert_equal %w[429 200], [get(port, "X_Key" => "a"), get(port, "X_Key" => "b")].map(&:code)
      skipped = get(port, "/health", "X_Key" => "a")
      assert_equal ["200", nil], [skipped.code, skipped["RateLimit"]]
    end
  end

  def test_a_policy_may_be_chosen_per_request
    free, paid = [1, 3].map { |rate| limiter(rate: rate) }
    choose = ->(env) { { "free" => free, "paid" => paid }[env["HTTP_X_PLAN"]] }
    serving(limiter: choose) do |port|
      assert_equal [200, 429], statuses(2) { get(port, "X_Plan" => "free") }
      assert_equal [200, 200, 200, 429], statuses(4) { get(port, "X_Plan" => "paid") }
      assert_nil get(port)["RateLimit"]
    end
  end

  def test_what_cannot_be_an_identity_stands_for_the_address
    wanted = [nil, "", "x" * 65_537]
    serving(limiter: limiter(rate: 2), identity: ->(_env) { wanted.shift }) do |port|
      assert_equal [200, 200, 429], statuses(3) { get(port) }
    end
  end

  def test_the_application_sees_the_decision
    app = ->(env) { [200, { "content-type" => "text/plain" }, [env[Drl::Rack::RateLimit::DECISION].remaining.to_s]] }
    serving(app, limiter: limiter(rate: 5)) { |port| assert_equal "4", get(port).body }
  end

  def test_what_the_application_set_stays
    app = ->(_env) { [200, { "content-type" => "text/plain", "ratelimit" => "mine" }, []] }
    serving(app, limiter: limiter) { |port| assert_equal ["mine"], get(port).get_fields("RateLimit") }
  end

  # Puma would not send a body; Rack::Lint, which reads it here, does not allow one.
  def test_a_head_request_is_refused_without_a_body
    limited = ::Rack::Lint.new(Drl::Rack::RateLimit.new(->(_env) { [200, {}, []] }, limiter: limiter(rate: 1)))
    answers = Array.new(2) { ::Rack::MockRequest.new(limited).head("/") }
    assert_equal [200, 429], answers.map(&:status)
    assert_equal ["application/problem+json", ""], [answers.last["Content-Type"], answers.last.body]
    assert_includes 3590..3600, Integer(answers.last["Retry-After"], 10)
  end

  # Neither read nor wrapped: what the server streams and closes is the application's own.
  def test_a_body_is_passed_on_as_it_is
    body = Class.new { def each = yield("chunk") }.new
    limited = Drl::Rack::RateLimit.new(->(_env) { [200, {}, body] }, limiter: limiter)
    assert_same body, limited.call({ "REMOTE_ADDR" => "192.0.2.1" }).last
  end

  def test_a_failure_of_the_users_function_is_theirs_and_charges_nothing
    limiter = limiter(rate: 5)
    broken = ->(env) { env["PATH_INFO"] == "/broken" ? raise(KeyError, "no key") : "a" }
    limited = Drl::Rack::RateLimit.new(->(_env) { [200, {}, []] }, limiter: limiter, identity: broken)
    assert_equal "no key", assert_raises(KeyError) { limited.call({ "PATH_INFO" => "/broken" }) }.message
    assert_equal "4", limited.call({ "PATH_INFO" => "/" })[1].transform_keys(&:downcase)["ratelimit-remaining"]
  end

  def test_a_crowd_of_requests_is_limited_exactly
    serving(limiter: limiter(rate: 20, per: 86_400)) do |port|
      codes = Array.new(50) { Thread.new { get(port).code } }.map(&:value)
      assert_equal({ "200" => 20, "429" => 30 }, codes.tally)
    end
  end

  def test_with_redis_stopped_open_serves_and_the_others_say_503
    redis = PrivateRedis.new
    limiters = %i[open closed error].map { |strategy| limiter(redis.url, fail_strategy: strategy) }
    limiters.each { |limiter| limiter.allow("warm") }
    redis.stop
    answers = limiters.map { |limiter| serving(limiter: limiter) { |port| get(port) } }
    assert_equal %w[200 503 503], answers.map(&:code)
    assert_equal ["1"] * 2, answers.last(2).map { |answer| answer["Retry-After"] }
    assert_includes answers.last.body, "temporary-reduced-capacity"
    assert_equal '"default";q=10;w=3600', answers.first["RateLimit-Policy"]
  ensure
    redis.remove
  end

  def test_rack_3_gets_header_names_in_lower_case
    limiter = limiter(rate: 1)
    status, headers, = nil
    ::Rack.stub(:release, "3.1.0") do
      limited = Drl::Rack::RateLimit.new(->(_env) { [200, {}, []] }, limiter: limiter)
      assert_equal 200, limited.call({ "REMOTE_ADDR" => "192.0.2.1" }).first
      status, headers, = limited.call({ "REMOTE_ADDR" => "192.0.2.1" })
    end
    assert_equal 429, status
    assert_equal headers.keys.map(&:downcase), headers.keys
    assert_includes headers.keys, "retry-after"
  end

  def test_wrong_options_name_the_option
    app = ->(_env) { [200, {}, []] }
    assert_includes assert_raises(TypeError) { Drl::Rack::RateLimit.new(app, limiter: 5) }.message, "limiter"
    assert_includes assert_raises(TypeError) { Drl::Rack::RateLimit.new(app, limiter: limiter, cost: "1") }.message, "cost"
    assert_raises(ArgumentError) { Drl::Rack::RateLimit.new(app) }
  end
end

class Net::HTTPResponse
  def values_at_limit_headers
    %w[Limit Remaining Reset].map { |name| self["RateLimit-#{name}"] }
  end
end
