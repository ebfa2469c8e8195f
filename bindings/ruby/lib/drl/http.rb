# frozen_string_literal: true

module Drl
  # HTTP, the same for every framework and language.
  class RateLimiter
    # The body of a refusal (RFC 9457) and the HTTP status it has: 429, or 503 without Redis. Status 200 and an empty body for a
    # request that was allowed.
    Problem = Struct.new(:status, :body) do
      # @return [String] the body's media type
      def content_type
        "application/problem+json"
      end
    end

    STYLES = { draft: 1, legacy: 2, x: 4, cache_control: 8, cors: 16 }.freeze
    X_RESET = { delta: 0, epoch: 1 }.freeze
    private_constant :STYLES, :X_RESET

    # The headers of a decision of this limiter.
    #
    # @param decision [Decision]
    # @param styles [Array<Symbol>] of `:draft` (RateLimit-Policy, RateLimit), `:legacy` (RateLimit-Limit, -Remaining, -Reset), `:x`
    #   (X-RateLimit-...), `:cache_control` (no-store, on a refusal), `:cors` (names the others to scripts); default draft and legacy
    # @param x_reset [Symbol] what X-RateLimit-Reset counts: `:delta`, or `:epoch` seconds
    # @param lower_case [Boolean] names in lower case, as Rack 3 wants them
    # @param retry_jitter [Numeric, nil] Retry-After grows by up to so many seconds, so that the refused do not return together
    # @return [Hash{String => String}]
    def headers(decision, styles: nil, x_reset: :delta, lower_case: false, retry_jitter: nil)
      text = Native.headers(@handle, RateLimiter.numbers_of(decision), RateLimiter.style_bits(styles),
                            Arguments.choice(:x_reset, x_reset, X_RESET), lower_case ? 1 : 0,
                            Arguments.microseconds(:retry_jitter, retry_jitter))
      text.each_line(chomp: true).to_h { |line| line.split(": ", 2) }
    end

    # @param decision [Decision]
    # @return [Problem]
    def problem(decision)
      Problem.new(*Native.problem(@handle, RateLimiter.numbers_of(decision)))
    end

    # @api private
    def self.numbers_of(decision)
      return decision.to_native if decision.is_a?(Decision)

      raise TypeError, "decision must be a Drl::Decision, not #{decision.class}"
    end

    # @api private
    def self.style_bits(styles)
      Array(styles).sum { |style| Arguments.choice(:styles, style, STYLES) }
    end
  end

  # Finds the identity of the client of an HTTP request. There always is an answer: the most distant address that somebody trusted
  # vouches for. IPv6 clients are told apart by their /64.
  #
  #     resolver = Drl::AddressResolver.new(trust: :networks, networks: ["10.0.0.0/8"])
  #     resolver.resolve("10.1.2.3", ["203.0.113.7"])   # => "203.0.113.7"
  class AddressResolver
    TRUST = { none: 0, networks: 1, private: 2, hops: 3 }.freeze
    HEADERS = { x_forwarded_for: 0, forwarded: 1 }.freeze
    private_constant :TRUST, :HEADERS

    # @return [Symbol] the header whose lines {#resolve} wants
    attr_reader :header

    # @param trust [Symbol] whose word is taken: `:none`, the peer of the socket is the client; `:networks`, that of proxies within
    #   `networks`; `:private`, that of every private address; `:hops`, that of the last `hops` proxies
    # @param networks [Array<String>] such as "10.0.0.0/8"; "unix:" is the peer on a local socket
    # @param header [Symbol] `:x_forwarded_for`, or `:forwarded` (RFC 7239)
    # @param hops [Integer] 1 to 64, with `trust: :hops`
    # @param ipv4_prefix_len [Integer, nil] clients that share so many leading bits are one; default 32
    # @param ipv6_prefix_len [Integer, nil] default 64
    def initialize(trust: :none, networks: [], header: :x_forwarded_for, hops: nil, ipv4_prefix_len: nil,
                   ipv6_prefix_len: nil)
      @header = header
      @handle = Native.resolver_open(
        Arguments.choice(:trust, trust, TRUST), Arguments.choice(:header, header, HEADERS),
        Arguments.count(:hops, hops), AddressResolver.joined(networks),
        Arguments.count(:ipv4_prefix_len, ipv4_prefix_len), Arguments.count(:ipv6_prefix_len, ipv6_prefix_len)
      )
    end

    # @param peer [String, nil] the socket's address, with or without port; nil where there is none
    # @param lines [Array<String>] every line of {#header} in the order received; lines joined by commas are one
    # @return [String] the identity, such as "203.0.113.7" or "2001:db8:0:1::/64"
    def resolve(peer, lines = [])
      Native.resolve(@handle, peer || "", Arguments.strings(:lines, lines).join("\n"))
    end

    # @api private
    def self.joined(networks)
      Arguments.strings(:networks, networks).each do |network|
        raise ArgumentError, "networks holds #{network.inspect}" if network.empty? || network.match?(/[,\s]/)
      end
      networks.join(",") unless networks.empty?
    end
  end
end
