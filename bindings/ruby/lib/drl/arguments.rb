# frozen_string_literal: true

module Drl
  # Ruby's values as the native layer wants them. Not public.
  module Arguments
    # A larger one is out of every range.
    NUMBER_MAX = (2**63) - 1

    module_function

    # Seconds as whole microseconds. nil is 0: the default.
    def microseconds(name, seconds)
      return 0 if seconds.nil?
      unless seconds.is_a?(Numeric) && seconds.real?
        raise TypeError, "#{name} must be a number of seconds, not #{seconds.class}"
      end

      (seconds.to_r * 1_000_000).round
    rescue FloatDomainError
      raise ArgumentError, "#{name} must be finite"
    end

    # As microseconds, where an explicit 0 is a mistake and not the default.
    def positive_microseconds(name, seconds)
      value = microseconds(name, seconds)
      raise ArgumentError, "#{name} must be at least a microsecond, or nil" if value.zero? && !seconds.nil?

      value
    end

    # An Array of Strings.
    def strings(name, values)
      raise TypeError, "#{name} must be an Array, not #{values.class}" unless values.is_a?(Array)

      values.each { |value| raise TypeError, "#{name} must be Strings, not #{value.class}" unless value.is_a?(String) }
    end

    # An option that the native layer numbers by its place in `values`.
    def choice(name, value, values)
      values.fetch(value) do
        raise ArgumentError, "#{name} must be one of #{values.keys.map(&:inspect).join(", ")}, not #{value.inspect}"
      end
    end

    # nil as 0, which is the default; a given 0 is a mistake.
    def count(name, value)
      return 0 if value.nil?
      raise TypeError, "#{name} must be an Integer, not #{value.class}" unless value.is_a?(Integer)
      raise ArgumentError, "#{name} is out of range" if value.zero?

      value
    end

    # true is 0, which is on: the default.
    def switch(name, value)
      choice(name, value, { true => 0, false => 1 })
    end

    # Text for C, which would end it at a NUL; nil stays nil.
    def text(name, value)
      return if value.nil?
      raise TypeError, "#{name} must be a String, not #{value.class}" unless value.is_a?(String)
      raise ArgumentError, "#{name} holds a NUL byte" if value.b.include?("\0")

      value
    end

    # A file's name, which may be a Pathname.
    def path(name, value)
      text(name, value.respond_to?(:to_path) ? value.to_path : value)
    end

    # Names and values, each behind its length, as drl_flat_client_open takes them; nil is left out.
    def pack(options)
      options.compact.flat_map(&:itself).map do |one|
        bytes = (one.is_a?(Integer) ? one.clamp(-NUMBER_MAX, NUMBER_MAX) : one).to_s
        [bytes.bytesize, bytes].pack("Na*")
      end.join
    end
  end
end
