# frozen_string_literal: true

require "pathname"
require_relative "helper"

# Encrypted connections, and the options that say how.
class TestTls < DrlTest
  def test_the_server_is_verified_and_sees_the_client_s_certificate
    redis = PrivateRedis.new
    url, folder = redis.over_tls
    authority = { ssl_ca_certs: "#{folder}/ca.pem" }
    mine = { ssl_certfile: "#{folder}/me.pem", ssl_keyfile: Pathname("#{folder}/me.key") }
    assert limiter(url, **authority, **mine).allow("a").allowed?
    assert limiter(url, **mine, ssl_cert_reqs: :none, ssl_check_hostname: false).allow("a").allowed?
    [authority, mine].each do |missing|
      assert_raises(Drl::UnavailableError) { limiter(url, timeout: 1, **missing).allow("a") }
    end
  ensure
    redis&.remove
  end

  def assert_names(error, options)
    raised = assert_raises(error) { Drl::Client.new("rediss://localhost", **options) }
    assert_includes raised.message, options.keys.first.to_s
  end

  def test_wrong_options_are_errors_that_name_them
    [{ ssl_ca_certs: 7 }, { ssl_keyfile: :key }, { sentinel_password: 7 }, { identity_secret: 7 }, { requests_per_command_max: "1" }]
      .each { |wrong| assert_names(TypeError, wrong) }
    [{ ssl_cert_reqs: :optional }, { ssl_check_hostname: nil }, { sentinel_ssl: :yes }, { drive: true }, { requests_per_command_max: 0 },
     { requests_per_command_max: 65 }, { ssl_ca_certs: "" }, { ssl_ca_certs: "/nowhere" }, { ssl_certfile: "/nowhere" },
     { ssl_ca_certs: "ca\0.pem" }, { sentinel_username: "watcher" }].each { |wrong| assert_names(ArgumentError, wrong) }
  end

  def test_ways_of_working_reach_the_library
    limiter = limiter(REDIS.url, drive: :off, spin: :off, requests_per_command_max: 1)
    limiter.allow_many(%w[a b c])
    assert_operator limiter.stats.batches, :>=, 3
  end
end
