# frozen_string_literal: true

module Drl
  # A limit in force, and its bucket after a decision; see {Decision#limits}. Frozen.
  #
  # `rate` tokens come back in each `per` seconds, and the bucket holds `burst` at most. `remaining` whole tokens are left, and in
  # `reset_after` seconds the bucket is full again.
  LimitState = Struct.new(:rate, :per, :burst, :remaining, :reset_after, keyword_init: true)

  # As above.
  class LimitState
    LENGTH = 5 # of the numbers of each
    private_constant :LENGTH

    # @param numbers [Array<Integer>] those of all limits, as the library's flat interface has them
    # @return [Array<LimitState>]
    # @api private
    def self.all_from_native(numbers)
      numbers.each_slice(LENGTH).map do |rate, per_us, burst, remaining, reset_after_us|
        new(rate: rate, per: per_us / 1e6, burst: burst, remaining: remaining, reset_after: reset_after_us / 1e6).freeze
      end
    end
  end
end
