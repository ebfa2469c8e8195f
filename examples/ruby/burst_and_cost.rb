# frozen_string_literal: true

# Two limits at once, and requests that cost more than one token.
#
# An API of a model: at most 100 requests' worth of tokens saved up and 10 a second refilled, and never more than 1,000 an
# hour. A request costs what it makes the server do. Both limits are charged, or neither.
#
#     burst_and_cost.rb [redis_url]
require "drl"

LIMITS = [
  Drl::Limit.new(rate: 10, per: 1, burst: 100, name: "second"),
  Drl::Limit.new(rate: 1000, per: 3600, name: "hour")
].freeze

REQUESTS = [["a lookup", 1], ["a summary", 25], ["a report", 70], ["another report", 70], ["a lookup", 1], ["a look at it", 0],
            ["the whole library", 500]].freeze

def verdict(decision)
  name = LIMITS[decision.binding_index].name
  case decision
  in { outcome: :allowed, remaining: } then "allowed  #{remaining} left by the limit \"#{name}\""
  in { outcome: :denied, retry_after: } then format("denied   by the limit \"%s\", enough in %.1f s", name, retry_after)
  in { outcome: :never, limit: } then "never    the limit \"#{name}\" holds #{limit} at most"
  in { cause: } then "undecided: #{cause}"
  end
end

# Costly work: better not served than served without a count.
policy = { limits: LIMITS, namespace: "example", fail_strategy: :closed }

Drl::RateLimiter.open(ARGV.fetch(0, "redis://localhost:6379/0"), **policy) do |limiter|
  REQUESTS.each do |what, cost|
    puts format("%-22s cost %4d  %s", what, cost, verdict(limiter.allow("customer-7", cost: cost)))
  end
end
