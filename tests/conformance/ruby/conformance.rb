# frozen_string_literal: true

require "drl"
require "securerandom"
require "socket"
require_relative "../../../bindings/ruby/test/support/small_scheduler"

# One case, run against the gem. A subclass for each file; `check` raises Failed where the case does not hold.
class Case
  Failed = Class.new(StandardError)

  FIELDS = {
    limiter: %w[limits namespace name fail_strategy], limit: %w[rate per_us burst name],
    client: %w[redis_url timeout_us connect_timeout_us client_name username password secret queue_capacity_max
               requests_per_command_max ssl_ca_certs ssl_certfile ssl_keyfile ssl_cert_reqs ssl_check_hostname sentinel_username
               sentinel_password sentinel_ssl sentinel_ssl_ca_certs sentinel_ssl_certfile sentinel_ssl_keyfile],
    resolver: %w[trust header hops networks ipv4_prefix_len ipv6_prefix_len], request: %w[identity cost]
  }.freeze
  HOUR = [{ "rate" => 10, "per_us" => 3_600_000_000 }].freeze

  def initialize(redis_url)
    @redis_url = redis_url
    @opened = []
  end

  # nil when the case holds, else why it does not.
  def failure(one)
    only(one, self.class::KNOWN)
    check(one)
    nil
  rescue Failed => e
    e.message
  rescue StandardError => e
    "#{e.class}: #{e.message}"
  ensure
    @opened.each(&:close)
  end

  private

  def only(object, known)
    unknown = object.keys - known
    raise Failed, "the runner does not know #{unknown.join(", ")}" unless unknown.empty?
  end

  def same(what, value, expected)
    raise Failed, "#{what} is #{value.inspect}, expected #{expected.inspect}" unless value == expected
  end

  def bytes(value)
    return value if value.is_a?(String)

    only(value, %w[text hex repeat])
    (value["text"] || [value["hex"]].pack("H*")) * value.fetch("repeat", 1)
  end

  def seconds(microseconds)
    microseconds && Rational(microseconds, 1_000_000)
  end

  def open_client(object, **defaults)
    only(object, FIELDS[:client])
    options = {
      timeout: seconds(object["timeout_us"]), connect_timeout: seconds(object["connect_timeout_us"]),
      identity_secret: object["secret"] && bytes(object["secret"]), ssl_cert_reqs: object["ssl_cert_reqs"]&.to_sym,
      **object.except("redis_url", "timeout_us", "connect_timeout_us", "secret", "ssl_cert_reqs").transform_keys(&:to_sym)
    }.compact
    keep(Drl::Client.new(object.fetch("redis_url", @redis_url), **defaults, **options))
  end

  def open_limiter(client, object, **defaults)
    only(object, FIELDS[:limiter])
    options = { namespace: object["namespace"], name: object["name"], fail_strategy: object["fail_strategy"]&.to_sym }.compact
    keep(client.limiter(limits: object["limits"].map { |limit| limit_of(limit) }, fail_strategy: :error, **defaults, **options))
  end

  def limit_of(object)
    only(object, FIELDS[:limit])
    Drl::Limit.new(rate: object["rate"], per: seconds(object["per_us"]), burst: object["burst"], name: object["name"])
  end

  # The gem's decision from the integers of a case, which leave out the limits in force.
  def decision_of(numbers, limits)
    *first, binding, flags = numbers.first(6)
    remaining, reset_after_us = numbers.values_at(7, 10)
    states = limits.map { |limit| [*limit.values_at("rate", "per_us"), limit.fetch("burst", limit["rate"]), remaining, reset_after_us] }
    Drl::Decision.new([*first, flags, binding, *numbers.drop(6), 0, limits.size, *states.flatten])
  end

  def open_resolver(object)
    only(object, FIELDS[:resolver])
    options = object.transform_keys(&:to_sym)
    options[:trust] = options[:trust].to_sym if options[:trust]
    options[:header] = options[:header].tr("-", "_").to_sym if options[:header]
    Drl::AddressResolver.new(**options)
  end

  def keep(handle)
    @opened.unshift(handle)
    handle
  end

  # The name of the status that the block's call ends with, and its message.
  def status_of
    [yield, "DRL_OK", ""]
  rescue Drl::Error, Drl::InvalidArgumentError => e
    [nil, e.status_name, e.message]
  end

  def allow_async(limiter, identity, cost)
    SmallScheduler.run do
      limiter.allow(identity, cost: cost)
    rescue Drl::Error, Drl::InvalidArgumentError => e
      e
    end.then { |result| result.is_a?(Exception) ? raise(result) : result }
  end
end

# keys.json
class KeyCase < Case
  KNOWN = %w[name identity key namespace limiter secret rate per_us burst].freeze
  LIMIT = { "rate" => 100, "per_us" => 60_000_000 }.freeze

  def check(one)
    client = open_client({ "secret" => one["secret"] }.compact, timeout: 10)
    limit = LIMIT.merge(one.slice("rate", "per_us", "burst"))
    policy = { "limits" => [limit], "namespace" => one["namespace"], "name" => one["limiter"] }.compact
    limiter = open_limiter(client, policy)
    identity = bytes(one["identity"])
    same("key", limiter.key(identity), one["key"])
    limiter.reset(identity)
    same("EXISTS before", exists(one["key"]), ":0")
    same("allowed", limiter.allow(identity, cost: limit.fetch("burst", limit["rate"])).allowed?, true)
    same("EXISTS after allow", exists(one["key"]), ":1")
    limiter.reset(identity)
    same("EXISTS after reset", exists(one["key"]), ":0")
  end

  def exists(key)
    host, port = ENV.fetch("CONFORMANCE_PLAIN_URL", @redis_url).match(%r{\Aredis://(.+):(\d+)/0\z}).captures
    TCPSocket.open(host, port) do |socket|
      socket.write("EXISTS #{key}\r\n")
      socket.gets.chomp
    end
  end
end

# decisions.json
class DecisionCase < Case
  KNOWN = %w[name client limiters steps].freeze
  STEP = %w[do limiter identity cost requests expect].freeze

  def check(one)
    client = open_client(one.fetch("client", {}), timeout: 10)
    namespace = "conformance-#{SecureRandom.hex(8)}"
    limiters = one["limiters"].map { |object| open_limiter(client, object, namespace: namespace) }
    one["steps"].each_with_index do |step, number|
      run(step, limiters)
    rescue Failed => e
      raise Failed, "step #{number}: #{e.message}"
    end
  end

  def run(step, limiters)
    only(step, STEP)
    limiter = limiters.fetch(step.fetch("limiter", 0))
    identity = bytes(step.fetch("identity", "user_123"))
    cost = step.fetch("cost", 1)
    case step["do"]
    when "allow" then expect(step) { limiter.allow(identity, cost: cost) }
    when "allow_async" then expect(step) { allow_async(limiter, identity, cost) }
    when "peek" then expect(step) { limiter.peek(identity) }
    when "reset" then expect(step) { limiter.reset(identity) }
    when "allow_many" then allow_many(step, limiter)
    when "wait" then sleep(@decision.retry_after)
    else raise Failed, "the runner does not know how to do #{step["do"]}"
    end
  end

  def expect(step, &call)
    expected = step.fetch("expect", {})
    result, status, = status_of(&call)
    same("status", status, expected.fetch("error", "DRL_OK"))
    @decision = result if result
    compare(@decision, expected) if result
  end

  def allow_many(step, limiter)
    requests = step["requests"].each { |request| only(request, FIELDS[:request]) }
    decisions, status, = status_of do
      limiter.allow_many(requests.map { |request| bytes(request.fetch("identity", "user_123")) },
                         cost: requests.map { |request| request.fetch("cost", 1) })
    end
    same("expectations", step["expect"].size, requests.size)
    step["expect"].each_with_index do |expected, i|
      same("status", status, expected.fetch("error", "DRL_OK"))
      compare(decisions[i], expected) if decisions
    end
  end

  def compare(decision, expected)
    expected.each do |field, value|
      actual = value_of(decision, field)
      matches = value.is_a?(Array) ? (value[0]..value[1]).cover?(actual) : actual == value
      raise Failed, "#{field} is #{actual.inspect}, expected #{value.inspect}" unless matches
    end
  end

  def value_of(decision, field)
    case field
    when "allowed" then decision.allowed?
    when "degraded" then decision.degraded?
    when "outcome", "charged" then decision.public_send(field).to_s
    when "limit", "remaining", "cost" then decision.public_send(field)
    when "binding" then decision.binding_index
    when "cause" then decision.cause ? "DRL_ERR_#{decision.cause.to_s.upcase}" : "DRL_OK"
    when "retry_after_us" then decision.retry_after ? (decision.retry_after * 1e6).round : -1
    when "reset_after_us" then (decision.reset_after * 1e6).round
    when "decided" then (decision.decided_at - Time.now).abs < 3600
    else raise Failed, "the runner does not know the field #{field}"
    end
  end
end

# headers.json
class HeaderCase < Case
  KNOWN = %w[name limits decision headers styles x_reset lower_case].freeze

  def check(one)
    limiter = open_limiter(open_client({}, timeout: 10), { "limits" => one["limits"] })
    options = { styles: one["styles"]&.map(&:to_sym), x_reset: one["x_reset"]&.to_sym, lower_case: one["lower_case"] }.compact
    same("headers", limiter.headers(decision_of(one["decision"], one["limits"]), **options).to_a, one["headers"])
  end
end

# problems.json
class ProblemCase < Case
  KNOWN = %w[name limits decision http_status body].freeze

  def check(one)
    limiter = open_limiter(open_client({}, timeout: 10), { "limits" => one["limits"] })
    problem = limiter.problem(decision_of(one["decision"], one["limits"]))
    same("HTTP status", problem.status, one["http_status"])
    same("body", problem.body, one["body"])
  end
end

# addresses.json
class AddressCase < Case
  KNOWN = %w[name resolver peer lines identity].freeze

  def check(one)
    same("identity", open_resolver(one["resolver"]).resolve(bytes(one["peer"]), one["lines"].map { |line| bytes(line) }), one["identity"])
  end
end

# errors.json
class ErrorCase < Case
  KNOWN = %w[name status mentions client limiter request resolver decision].freeze

  def check(one)
    calls_of(one).each do |what, call|
      _, status, message = status_of(&call)
      same("status of #{what}", status, one["status"])
      raise Failed, "#{what} says '#{message}', without '#{one["mentions"]}'" unless message.include?(one["mentions"])
    end
  end

  def calls_of(one)
    case (KNOWN.drop(3) & one.keys).first
    when "client" then { "client" => -> { open_client(one["client"]) } }
    when "resolver" then { "resolver" => -> { open_resolver(one["resolver"]) } }
    when "limiter" then { "limiter" => -> { open_limiter(open_client({}, timeout: 10), one["limiter"]) } }
    when "request" then calls_of_request(one["request"])
    when "decision" then calls_of_decision(one["decision"])
    else raise Failed, "the case says no call"
    end
  end

  def calls_of_request(request)
    only(request, FIELDS[:request])
    limiter = open_limiter(open_client({}, timeout: 10), { "limits" => HOUR })
    identity = bytes(request.fetch("identity", "user_123"))
    cost = request.fetch("cost", 1)
    { "allow" => -> { limiter.allow(identity, cost: cost) }, "allow_async" => -> { allow_async(limiter, identity, cost) },
      "allow_many" => -> { limiter.allow_many([identity], cost: cost) } }
  end

  def calls_of_decision(numbers)
    limiter = open_limiter(open_client({}, timeout: 10), { "limits" => HOUR })
    decision = decision_of(numbers, HOUR)
    { "headers" => -> { limiter.headers(decision) }, "problem" => -> { limiter.problem(decision) } }
  end
end
