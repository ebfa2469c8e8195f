# frozen_string_literal: true

require "socket"

# Stands before Redis and holds back each piece of a reply for a while, as a network does: so that a call can be met half-way.
class SlowProxy
  attr_reader :path

  def initialize(redis, delay)
    @path = "#{redis.socket}.slow"
    @server = UNIXServer.new(@path)
    @threads = ThreadGroup.new
    @threads.add(Thread.new { serve(redis, delay) })
  end

  def url
    "unix://#{@path}"
  end

  def close
    @threads.list.each(&:kill).each(&:join)
    @server.close
    File.unlink(@path)
  end

  private

  def serve(redis, delay)
    loop do
      inside = @server.accept
      outside = UNIXSocket.open(redis.socket)
      [[inside, outside, 0], [outside, inside, delay]].each do |from, to, wait|
        @threads.add(Thread.new { pass(from, to, wait) })
      end
    end
  end

  def pass(from, to, wait)
    loop do
      bytes = from.readpartial(65_536)
      sleep(wait) if wait.positive?
      to.write(bytes)
    end
  rescue IOError, SystemCallError
    [from, to].each(&:close)
  end
end
