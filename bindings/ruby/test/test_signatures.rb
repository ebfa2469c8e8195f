# frozen_string_literal: true

require_relative "helper"
require "drl/rack"

# sig/drl.rbs names what there is, and the documentation covers it.
class TestSignatures < DrlTest
  FILE = File.expand_path("../sig/drl.rbs", __dir__)
  SIGNATURES = File.read(FILE)
  CLASSES = [Drl::Client, Drl::RateLimiter, Drl::Decision, Drl::AddressResolver, Drl::Error, Drl::Rack::RateLimit].freeze
  HIDDEN = %i[to_native hash eql? == inspect initialize].freeze

  # rbs comes with Ruby.
  RBS = "-EUTF-8 -W0 -rrbs -rrbs/cli".split.freeze

  # Found where tools look for those of a gem.
  def test_the_signatures_are_valid
    script = "RBS::CLI.new(stdout: $stdout, stderr: $stderr).run(%w[-r uri -r drl] + ARGV)"
    rbs = ->(*command) { IO.popen([RbConfig.ruby, *RBS, "-e", script, *command], err: %i[child out], &:read) }
    assert_equal "", rbs.call("validate", "--silent")
    assert_includes rbs.call("method", "Drl::RateLimiter", "allow"), "-> ::Drl::Decision"
  end

  # Other tests again, each call of theirs and its answer compared with the signature.
  def test_calls_and_answers_have_the_types_that_are_declared
    setup = { "RBS_TEST_TARGET" => "Drl::*", "RBS_TEST_OPT" => "-r uri -r drl", "RBS_TEST_RAISE" => "true",
              "RBS_TEST_LOGLEVEL" => "fatal" }
    paths = $LOAD_PATH.map { |path| "-I#{path}" }
    %w[decisions fibers rack].each do |name|
      command = [RbConfig.ruby, *RBS, *paths, "-rdrl/rack", "-rrbs/test/setup", File.join(__dir__, "test_#{name}.rb"), "-e", "/wrong_options/"]
      said = IO.popen(setup, command, err: %i[child out], &:read)
      assert_match(/^[1-9]\d* runs, \d+ assertions, 0 failures, 0 errors, 0 skips$/, said)
    end
  end

  def test_every_public_method_has_a_signature
    CLASSES.each do |klass|
      body = SIGNATURES[/^( *)class #{klass.name.split("::").last}\b.*?^\1end/m]
      (klass.public_instance_methods(false) - HIDDEN).each do |name|
        assert_match(/(?:def|alias|attr_reader) #{Regexp.escape(name.to_s)}[: ]/, body, "#{klass}##{name}")
      end
    end
  end

  def test_every_counter_has_a_signature
    Drl::Stats.members.each { |name| assert_match(/attr_reader #{name}:/, SIGNATURES) }
  end

  def test_native_names_are_private
    %i[Native Arguments].each { |name| refute_includes Drl.constants, name }
  end
end
