# frozen_string_literal: true

module Drl
  # The answer to one request. Frozen; two decisions of the same content are equal.
  #
  # With several limits, `limit`, `remaining` and `reset_after` are those of the binding one: the one that denies for longest, or
  # else the one with the fewest tokens left; `limits` has them all. An undecided request knows only `limit`, that of the first, and of
  # each of `limits` its `rate`, `per` and `burst`.
  class Decision
    OUTCOMES = [nil, :allowed, :denied, :never, :undecided].freeze
    CHARGED = %i[no yes unknown].freeze
    FIELDS = %i[allowed outcome cause charged binding_index degraded limit remaining cost retry_after reset_after
                decided_at limits].freeze
    DEGRADED = 1 # a flag
    LIMITS = 14  # place of the first
    CAUSES = Hash.new do |names, status|
      names[status] = status.zero? ? nil : Native.status_name(status).delete_prefix("DRL_ERR_").downcase.to_sym
    end
    private_constant :OUTCOMES, :CHARGED, :FIELDS, :DEGRADED, :LIMITS, :CAUSES

    # @param numbers [Array<Integer>] the decision as the library's flat interface has it
    # @api private
    def initialize(numbers)
      @numbers = numbers.freeze
      freeze
    end

    # Serve the request? When Redis did not decide, this is what the fail strategy says.
    # @return [Boolean]
    def allowed?
      @numbers[0] == 1
    end
    alias allowed allowed?

    # @return [Boolean] the opposite of {#allowed?}
    def denied?
      @numbers[0] != 1
    end

    # @return [Symbol] `:allowed`, `:denied`, `:never` (the cost is above the burst: no wait will help), or `:undecided`
    def outcome
      OUTCOMES[@numbers[1]]
    end

    # @return [Symbol, nil] why Redis did not decide, such as `:timeout` or `:circuit_open`; nil when it did
    def cause
      CAUSES[@numbers[2]]
    end

    # @return [Integer] the cause as a status of the library; 0 when Redis decided
    def cause_status
      @numbers[2]
    end

    # @return [Symbol] `:yes`, `:no` or `:unknown`: whether Redis took the tokens. A call is never sent twice.
    def charged
      CHARGED[@numbers[3]]
    end

    # @return [Integer] which of {#limits} binds, from 0
    def binding_index
      @numbers[5]
    end

    # @return [Boolean] whether Redis was not heard
    def degraded?
      @numbers[4].anybits?(DEGRADED)
    end
    alias degraded degraded?

    # @return [Integer] tokens that the bucket holds at most
    def limit
      @numbers[6]
    end

    # @return [Integer] whole tokens left after this decision
    def remaining
      @numbers[7]
    end

    # @return [Integer] tokens asked for
    def cost
      @numbers[8]
    end

    # @return [Float, nil] seconds until the same request would be allowed: 0.0 if it was, nil if it never will be
    def retry_after
      @numbers[9].negative? ? nil : @numbers[9] / 1e6
    end

    # @return [Float] seconds until the bucket is full again
    def reset_after
      @numbers[10] / 1e6
    end

    # @return [Time, nil] when it was decided, in UTC by the clock of Redis; nil when Redis did not decide
    def decided_at
      @numbers[11].zero? ? nil : Time.at(0, @numbers[11], :microsecond, in: "UTC")
    end

    # @return [Array<LimitState>] the limits in force, in the order of the limiter, and what is left of each. Made anew each time.
    def limits
      LimitState.all_from_native(@numbers.drop(LIMITS)).freeze
    end

    # @return [Array<Integer>] for the native layer
    # @api private
    def to_native
      @numbers
    end

    # @return [Hash{Symbol => Object}]
    def to_h
      FIELDS.to_h { |field| [field, public_send(field)] }
    end

    # For pattern matching: `case decision in {allowed: false, retry_after:} ...`
    def deconstruct_keys(keys)
      keys.nil? ? to_h : (keys & FIELDS).to_h { |field| [field, public_send(field)] }
    end

    # @return [Boolean] whether the other is a decision of the same content
    def ==(other)
      other.is_a?(Decision) && other.to_native == @numbers
    end
    alias eql? ==

    # @return [Integer] the same for equal decisions
    def hash
      @numbers.hash
    end

    # @return [String] all fields by name
    def inspect
      "#<#{self.class} #{to_h.map { |field, value| "#{field}=#{value.inspect}" }.join(" ")}>"
    end
  end
end
