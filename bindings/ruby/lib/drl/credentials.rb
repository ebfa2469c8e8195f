# frozen_string_literal: true

module Drl
  # What a function for {Client#initialize}'s `credentials` answers; a Hash of the same keys does as well.
  #
  # - `username`: a String, or nil for the default user; up to 1023 bytes
  # - `password`: a String; up to 16383 bytes
  # - `expires_in`: seconds for which they are good, from now on; nil: always
  Credentials = Struct.new(:username, :password, :expires_in, keyword_init: true) do
    # @return [String] without the password
    def inspect
      "#<#{self.class} username=#{username.inspect} expires_in=#{expires_in.inspect}>"
    end
    alias_method :to_s, :inspect

    # pp and irb would show all members.
    # @api private
    def pretty_print(printer)
      printer.text(inspect)
    end
  end

  # Keeps a Ruby thread that asks the function when the library wants credentials, since no thread of the library may enter Ruby.
  # In a forked child that thread is not there: the next call on the client starts another.
  # @api private
  class CredentialsKeeper
    attr_reader :mailbox

    def initialize(ask)
      raise TypeError, "credentials must respond to call, not #{ask.class}" unless ask.respond_to?(:call)

      @ask = ask
      @mailbox = Native.mailbox_open
      @stopped = false
      keep
    end

    # Called by the extension, also in a trap: no Mutex here. A second thread does no harm.
    def keep
      return if @stopped || @thread&.alive?

      @thread = Thread.new { serve }
      @thread.name = "drl-credentials"
    end

    # End the thread, once it is not asking. In a forked child nobody else would.
    def stop
      @stopped = true
      Native.mailbox_stop(@mailbox)
    end

    private

    def serve
      answer while Native.mailbox_wait(@mailbox)
    end

    def answer
      username = password = ""
      expires_in = 0
      why = "the function ended its thread"
      username, password, expires_in = checked(@ask.call)
      why = ""
    rescue Exception => e # rubocop:disable Lint/RescueException
      why = sentence(e)
    ensure
      Native.mailbox_answer(@mailbox, username, password, expires_in, why)
    end

    def checked(given)
      given = Credentials.new(**given) if given.is_a?(Hash)
      raise TypeError, "credentials must give Drl::Credentials or a Hash, not #{given.class}" unless given.is_a?(Credentials)

      username = given.username.nil? ? "" : text(:username, given.username)
      password = text(:password, given.password)
      expires_in = Arguments.positive_microseconds(:expires_in, given.expires_in)
      raise ArgumentError, "expires_in must be positive" if expires_in.negative?

      [username, password, [expires_in, Arguments::NUMBER_MAX].min]
    end

    def text(name, value)
      raise TypeError, "#{name} must be a String, not #{value.class}" unless value.is_a?(String)

      value
    end

    def sentence(error)
      "#{error.class}: #{error.message}".encode(Encoding::UTF_8, invalid: :replace, undef: :replace)
    rescue Exception # rubocop:disable Lint/RescueException
      "its error has no message"
    end
  end
  private_constant :CredentialsKeeper
end
