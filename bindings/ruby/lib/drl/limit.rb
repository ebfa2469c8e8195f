# frozen_string_literal: true

module Drl
  # One limit: `rate` tokens per `per` seconds, refilled continuously, at most `burst` saved up (default: rate). `name` is the policy's name in
  # HTTP headers.
  #
  #     Drl::Limit.new(rate: 100, per: 60, burst: 20, name: "minute")
  Limit = Struct.new(:rate, :per, :burst, :name, keyword_init: true)

  # As above.
  class Limit
    # @api private
    def self.from(limit, place)
      case limit
      when Limit then limit
      when Hash then new(**limit)
      else raise TypeError, "limits[#{place}] must be a Drl::Limit or Hash, not #{limit.class}"
      end
    end

    # The name at its place in `limits`, which is joined with the others by line feeds.
    # @api private
    def checked_name(place)
      raise TypeError, "limits[#{place}].name must be a String, not #{name.class}" unless name.nil? || name.is_a?(::String)
      return name.to_s unless name&.include?("\n")

      raise Error.build(LINE_FEED_IN_NAME, "limits[#{place}].name holds a line feed", nil)
    end

    LINE_FEED_IN_NAME = 11 # DRL_ERR_NAME
    private_constant :LINE_FEED_IN_NAME

    # @return [Array<Integer>] rate, microseconds, burst
    # @api private
    def to_native
      { rate: rate, burst: burst }.each do |field, value|
        next if value.is_a?(Integer) || (field == :burst && value.nil?)

        raise TypeError, "#{field} must be an Integer, not #{value.class}"
      end
      raise TypeError, "per must be a number of seconds, not NilClass" if per.nil?

      [rate, Arguments.microseconds(:per, per), Arguments.count(:burst, burst)]
    end
  end
end
