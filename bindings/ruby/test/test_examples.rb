# frozen_string_literal: true

require_relative "helper"
require_relative "support/web"

# What a reader would try first works as it stands.
class TestExamples < DrlTest
  include Web

  EXAMPLES = File.expand_path("../../../examples/ruby", __dir__)
  PATIENT = "#{REDIS.url}?timeout=10s"
  README = File.expand_path("../README.md", __dir__)

  def setup
    super
    REDIS.command("FLUSHALL")
  end

  def run_example(name)
    ruby("load ARGV.shift", File.join(EXAMPLES, name), PATIENT)
  end

  def test_basic_allows_five_of_seven
    lines = run_example("basic.rb").lines
    assert_equal (0..4).map { |i| "request #{i + 1}: allowed, #{4 - i} left\n" }, lines.first(5)
    assert_match(/\Arequest 6: denied, try again in 1[12]\.\d s\n\z/, lines[5])
    assert_equal 7, lines.size
  end

  def test_burst_and_cost_is_limited_by_both
    verdicts = run_example("burst_and_cost.rb").lines.map { |line| line[/ cost +\d+  (\w+)/, 1] }
    assert_equal %w[allowed allowed allowed denied allowed allowed never], verdicts
  end

  def test_http_server_limits_its_clients
    command = [RbConfig.ruby, *$LOAD_PATH.map { |path| "-I#{path}" }, File.join(EXAMPLES, "http_server.rb"), PATIENT, "0"]
    server = IO.popen(command, err: %i[child out])
    port = Timeout.timeout(60) { server.gets }[%r{listening on http://127.0.0.1:(\d+)}, 1].to_i
    assert_equal "15", get(port, "/search")["RateLimit-Remaining"]
    assert_equal "200", get(port).code
    assert_includes Array.new(10) { Array.new(20) { Thread.new { get(port, "/search").code } }.map(&:value) }.flatten, "429"
    assert_equal ["200", nil], get(port, "/healthz").then { |answer| [answer.code, answer["RateLimit"]] }
  ensure
    Process.kill(:TERM, server.pid)
    server.close
  end

  def test_the_quick_start_of_the_readme_runs
    code = File.read(README)[/^## Quick start\n```ruby\n(.*?)^```/m, 1]
    assert_includes code, '"redis://localhost:6379/0"'
    assert_equal "served, 99 left\n", ruby(code.sub('"redis://localhost:6379/0"', "ARGV[0]"), PATIENT)
  end

  def test_all_ruby_in_the_readme_runs
    blocks = File.read(README).scan(/^```ruby\n(.*?)^```/m).flatten
    assert_equal 4, blocks.size
    shared, tokens, rackup = blocks.drop(1).map { |block| block.sub('"redis://localhost:6379/0"', "ARGV[0]") }
    assert_equal "1\n", ruby(%(require "drl"\n#{shared.sub(", timeout: 0.05", ", timeout: 10")}\nputs client.stats.resets), PATIENT)
    assert_equal "false\n", ruby(%(require "drl"\ndef fetch_token = "token"\n#{tokens}\nputs client.closed?), PATIENT)
    assert_equal "200\n", ruby(<<~RUBY, PATIENT)
      require "rack"
      app = Rack::Builder.new { #{rackup.gsub(/^#.*/, "")}; run ->(_) { [200, {}, []] } }.to_app
      puts app.call({ "PATH_INFO" => "/", "REQUEST_METHOD" => "GET", "REMOTE_ADDR" => "192.0.2.1" }).first
    RUBY
  end
end
