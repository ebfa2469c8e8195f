# frozen_string_literal: true

# An application behind the middleware: 10 requests a second for each client, 20 at once. A search costs 5; the health check is free.
#
#     puma config.ru                          with REDIS_URL in the environment
#     ruby http_server.rb [redis_url [port]]
require "drl/rack"

use Drl::Rack::RateLimit,
    limiter: Drl::RateLimiter.new(ENV.fetch("REDIS_URL", "redis://localhost:6379/0"), namespace: "example",
                                  limits: [{ rate: 10, per: 1, burst: 20, name: "requests" }]),
    cost: ->(env) { env["PATH_INFO"] == "/search" ? 5 : 1 },
    skip: ->(env) { env["PATH_INFO"] == "/healthz" }
# Behind a proxy:
#   resolver: Drl::AddressResolver.new(trust: :networks, networks: ["10.0.0.0/8"])

TEXTS = { "/search" => "nothing found\n", "/healthz" => "ok\n" }.freeze

run ->(env) { [200, { "content-type" => "text/plain" }, [TEXTS.fetch(env["PATH_INFO"], "hello\n")]] }
