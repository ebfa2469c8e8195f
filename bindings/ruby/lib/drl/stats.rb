# frozen_string_literal: true

module Drl
  # What a client has done so far in this process; see {Client#stats}. Counters never go back, and start afresh in a forked child.
  Stats = Struct.new(
    :breaker, :allowed, :denied, :never, :undecided, :degraded_timeout, :degraded_connection, :degraded_auth,
    :degraded_redis, :degraded_circuit_open, :degraded_queue_full, :degraded_shed, :cancelled, :closed, :peeks, :resets, :late_replies,
    :expired_in_redis, :batches, :batched_decisions, :connects, :connect_failures, :queue_depth, :latency_sum,
    :latency, :batch_size, :connected, :breaker_opened, keyword_init: true
  )

  # Counters of a {Client}, each as in the C header. In Ruby's terms: `breaker` is `:closed`, `:open` or `:half_open`; `latency_sum` is in
  # seconds; `latency` maps an upper bound in seconds (the last: Float::INFINITY) to how many decisions took so long, `batch_size` one in
  # decisions to how many calls carried so many.
  class Stats
    BREAKER = %i[closed open half_open].freeze
    PLAIN = members.index(:latency)
    LATENCY = (0...21).map { |i| i == 20 ? Float::INFINITY : 2**(i + 3) / 1e6 }.freeze
    BATCH = (0...7).map { |i| 2**i }.freeze
    private_constant :BREAKER, :PLAIN, :LATENCY, :BATCH

    # @api private
    def self.from_native(numbers)
      plain = members.first(PLAIN).zip(numbers).to_h
      new(**plain, breaker: BREAKER[plain[:breaker]], latency_sum: plain[:latency_sum] / 1e6,
                   latency: LATENCY.zip(numbers[PLAIN, 21]).to_h.freeze, batch_size: BATCH.zip(numbers[PLAIN + 21, 7]).to_h.freeze,
                   connected: numbers[-2] == 1, breaker_opened: numbers[-1]).freeze
    end
  end
end
