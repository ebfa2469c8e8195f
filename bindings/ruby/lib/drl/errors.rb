# frozen_string_literal: true

module Drl
  # What an exception of the library knows: the status that all languages share.
  module Status
    # @return [Integer] the status, as in the C header
    attr_reader :status

    # @return [String] its name in every language, such as "DRL_ERR_TIMEOUT"
    def status_name
      Native.status_name(status)
    end
  end

  # The call could not be answered. A denied request is no error: see {Decision}.
  class Error < StandardError
    include Status

    # @return [Decision, nil] what is known of the call; its `charged` says whether Redis may have taken the tokens
    attr_reader :decision

    # @api private
    def initialize(message = nil, status: 0, decision: nil)
      super(message)
      @status = status
      @decision = decision
    end

    # The exception for a status. Those of 1 to 99 say that the program is wrong.
    # @api private
    def self.build(status, message, numbers)
      return InvalidArgumentError.new(message, status: status) if (4..99).cover?(status)

      BY_STATUS.fetch(status) { (100..199).cover?(status) ? UnavailableError : SystemError }
               .new(message, status: status, decision: numbers && Decision.new(numbers))
    end
  end

  # A value that the library does not take, named in the message. It never becomes an answer by a fail strategy.
  class InvalidArgumentError < ::ArgumentError
    include Status

    # @api private
    def initialize(message = nil, status: 0)
      super(message)
      @status = status
    end
  end

  # Redis did not decide, and the limiter's fail strategy is `:error` (or the call was a reset).
  class UnavailableError < Error; end

  # Redis did not answer before the deadline.
  class TimeoutError < UnavailableError; end

  # Redis cannot be reached, or the connection was lost.
  class ConnectionError < UnavailableError; end

  # Redis refused the credentials, or the user lacks a permission.
  class AuthenticationError < UnavailableError; end

  # Redis answered with an error, or with what this library does not understand.
  class ReplyError < UnavailableError; end

  # Redis was not asked: it stopped answering a while ago, or too many requests are waiting.
  class OverloadError < UnavailableError; end

  # The client or the limiter was closed, before the call or while it waited.
  class ClosedError < Error; end

  # The call was cancelled.
  class CancelledError < Error; end

  # The system lacks a resource, such as memory, a thread or a descriptor.
  class SystemError < Error; end

  class Error
    BY_STATUS = {
      100 => TimeoutError, 101 => ConnectionError, 102 => ConnectionError, 103 => AuthenticationError,
      104 => AuthenticationError, 105 => ConnectionError, 106 => ReplyError, 107 => ReplyError, 108 => ReplyError,
      109 => ReplyError, 110 => ReplyError, 111 => ReplyError, 112 => ReplyError, 113 => OverloadError,
      114 => OverloadError, 115 => OverloadError, 116 => ReplyError, 3 => ClosedError, 200 => ClosedError,
      201 => CancelledError
    }.freeze
    private_constant :BY_STATUS
  end
end
