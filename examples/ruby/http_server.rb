# frozen_string_literal: true

# config.ru in Puma. It prints the address at which it listens, and ends on SIGINT or SIGTERM.
#
#     http_server.rb [redis_url [port]]
require "puma"
require "puma/server"
require "rack"

ENV["REDIS_URL"] = ARGV.fetch(0, "redis://localhost:6379/0")
app, = Rack::Builder.parse_file(File.join(__dir__, "config.ru"))

server = Puma::Server.new(app)
server.add_tcp_listener("127.0.0.1", ARGV.fetch(1, 8080).to_i)
%w[INT TERM].each { |signal| trap(signal) { Thread.new { server.stop } } }
running = server.run
puts "listening on http://127.0.0.1:#{server.connected_ports.first}"
$stdout.flush
running.join
