# frozen_string_literal: true

require_relative "helper"
require "drl/rack"

# sig/drl.rbs names what there is, and the documentation covers it.
class TestSignatures < DrlTest
  SIGNATURES = File.read(File.expand_path("../sig/drl.rbs", __dir__))
  CLASSES = [Drl::Client, Drl::RateLimiter, Drl::Decision, Drl::AddressResolver, Drl::Error, Drl::Rack::RateLimit].freeze
  HIDDEN = %i[to_native hash eql? == inspect initialize].freeze

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
