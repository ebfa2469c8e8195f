# frozen_string_literal: true

require_relative "helper"
require_relative "support/web"
require "rbconfig"

# Puma as it runs in production: the application is loaded once, limiter and all, and then forked into workers.
class TestPumaCluster < DrlTest
  include Web

  RACKUP = <<~'RUBY'
    require "drl/rack"
    LIMITER = Drl::RateLimiter.new(ENV.fetch("DRL_TEST_URL"), rate: 25, per: 86_400, namespace: "cluster", timeout: 10)
    LIMITER.allow("before the fork")
    use Drl::Rack::RateLimit, limiter: LIMITER
    run ->(_env) { sleep(0.02) && [200, { "content-type" => "text/plain" }, [Process.pid.to_s]] }
  RUBY

  def test_preloaded_workers_share_one_limit
    in_cluster do |port|
      answers = Array.new(60) { Thread.new { get(port) } }.map(&:value)
      assert_equal({ "200" => 25, "429" => 35 }, answers.map(&:code).tally)
      assert_equal 2, answers.select { |answer| answer.code == "200" }.map(&:body).uniq.size
    end
  end

  # Two workers on a free port, ended by their parent.
  def in_cluster
    Dir.mktmpdir do |folder|
      File.write(File.join(folder, "config.ru"), RACKUP)
      paths = $LOAD_PATH.map { |path| "-I#{path}" }
      puma = IO.popen({ "DRL_TEST_URL" => REDIS.url },
                      [RbConfig.ruby, *paths, Gem.bin_path("puma", "puma"), "-w", "2", "-t", "4:4", "--preload", "-b", "tcp://127.0.0.1:0",
                       "config.ru"], chdir: folder, err: %i[child out])
      yield port_of(puma)
    ensure
      Process.kill(:TERM, puma.pid)
      puma.read
      puma.close
    end
  end

  def port_of(puma)
    said = +""
    port = nil
    Timeout.timeout(60) do
      while (line = puma.gets)
        said << line
        port ||= line[%r{Listening on http://127.0.0.1:(\d+)}, 1]
        return Integer(port) if said.scan(/Worker \d .*booted/).size == 2
      end
    end
    flunk "Puma did not start: #{said}"
  end
end
