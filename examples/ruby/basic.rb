# frozen_string_literal: true

require "drl"

Drl::RateLimiter.open(ARGV.fetch(0, "redis://localhost:6379/0"), rate: 5, per: 60) do |limiter|
  1.upto(7) do |i|
    decision = limiter.allow("user_123")
    if decision.degraded?
      puts "request #{i}: Redis did not decide (#{decision.cause}); served all the same"
    elsif decision.allowed?
      puts "request #{i}: allowed, #{decision.remaining} left"
    else
      puts format("request %d: denied, try again in %.1f s", i, decision.retry_after)
    end
  end
end
