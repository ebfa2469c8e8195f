# frozen_string_literal: true

require "json"
require "net/http"
require "puma"
require "puma/server"
require "rack"

# A real server and a real client.
module Web
  PLAIN = ->(_env) { [200, { "content-type" => "text/plain" }, ["served"]] }

  # Runs the middleware before `app` in Puma, checked by Rack::Lint from both sides; yields the port.
  def serving(app = PLAIN, **options)
    inner = ::Rack::Lint.new(app)
    limited = ::Rack::Lint.new(Drl::Rack::RateLimit.new(inner, **options))
    server = Puma::Server.new(limited, Puma::Events.strings, min_threads: 0, max_threads: 32)
    server.add_tcp_listener("127.0.0.1", 0)
    server.run
    yield server.connected_ports.first
  ensure
    server&.stop(true)
  end

  def get(port, path = "/", **headers)
    Net::HTTP.start("127.0.0.1", port) do |http|
      http.get(path, headers.transform_keys { |name| name.to_s.tr("_", "-") })
    end
  end

  # The status line of a request that Net::HTTP would not send.
  def raw_status(port, *header_lines)
    TCPSocket.open("127.0.0.1", port) do |socket|
      socket.write(["GET / HTTP/1.1", "Host: localhost", "Connection: close", *header_lines, "", ""].join("\r\n"))
      socket.read[%r{\AHTTP/1.1 (\d+)}, 1].to_i
    end
  end
end
