# frozen_string_literal: true

# Distributed rate limiting on Redis.
#
#     limiter = Drl::RateLimiter.new("redis://localhost:6379/0", rate: 100, per: 60)
#     decision = limiter.allow("user_123")
#     if decision.allowed? then serve else refuse(decision.retry_after) end
#
# Every decision is taken inside Redis, atomically, in one round trip; the same keys and the same answers come from every
# language that this library speaks.
module Drl
  # The flat shim, as SWIG wraps it.
  # @api private
  module Native
  end
end

require "drl/native"
require "drl/arguments"
require "drl/errors"
require "drl/limit_state"
require "drl/decision"
require "drl/stats"
require "drl/opening"
require "drl/credentials"
require "drl/client"
require "drl/limit"
require "drl/rate_limiter"
require "drl/http"
require "drl/version"

module Drl
  private_constant :Native, :Arguments, :Opening
  autoload :Rack, "drl/rack"
end
