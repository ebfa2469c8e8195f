// An HTTP server that limits each client address to 5 requests a minute, by cpp-httplib.
//
//     http_server [redis://localhost:6379/0 [8080]]
//     curl -i http://localhost:8080/hello
//
// It trusts proxies on the local network (X-Forwarded-For), serves when Redis is away, and tells clients where they
// stand.
#include <drl/drl.hpp>
#include <httplib.h>

#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

namespace {

using Handled = httplib::Server::HandlerResponse;

// Decides requests before any handler sees them.
class Gate {
 public:
  explicit Gate(const std::string& redis_url)
      : limiter_(drl::Client(redis_url), drl::PerMinute(5)), resolver_(Trust()) {}

  Handled operator()(const httplib::Request& request, httplib::Response& response) const {
    // A wrong identity or configuration would throw; that Redis is away does not.
    const drl::Decision decision = limiter_.Allow(ClientOf(request));
    limiter_.ForEachHeader(decision, Headers(),
                           [&](const char* name, const char* value) { response.set_header(name, value); });
    if (decision) return Handled::Unhandled;
    const drl::Problem problem = limiter_.MakeProblem(decision, {}, request.path.substr(0, 512));
    response.status = problem.http_status;
    response.set_content(problem.body, drl::kProblemContentType);
    return Handled::Handled;
  }

 private:
  static drl::ResolverOptions Trust() {
    drl::ResolverOptions options;
    options.trust = drl::Trust::kPrivate;
    return options;
  }

  static drl::HeaderOptions Headers() {
    drl::HeaderOptions options;
    options.styles = DRL_HEADERS_DRAFT | DRL_HEADERS_CACHE_CONTROL;
    return options;
  }

  std::string ClientOf(const httplib::Request& request) const {
    std::vector<std::string_view> lines;
    const auto [begin, end] = request.headers.equal_range(resolver_.header());
    for (auto line = begin; line != end; ++line) lines.push_back(line->second);
    return resolver_.Resolve(request.remote_addr, lines);
  }

  drl::Limiter limiter_;  // keeps its client open
  drl::Resolver resolver_;
};

}  // namespace

int main(int argc, char** argv) try {
  const Gate gate(argc > 1 ? argv[1] : "redis://localhost:6379/0");
  httplib::Server server;
  server.set_pre_routing_handler([&](const httplib::Request& request, httplib::Response& response) {
    return gate(request, response);
  });
  server.Get("/hello", [](const httplib::Request&, httplib::Response& response) {
    response.set_content("hello\n", "text/plain");
  });

  const int asked = argc > 2 ? std::atoi(argv[2]) : 8080;
  const int port = asked != 0 ? asked : server.bind_to_any_port("127.0.0.1");
  if (asked != 0 && !server.bind_to_port("127.0.0.1", port)) {
    std::cerr << "cannot listen on port " << port << "\n";
    return 1;
  }
  std::cout << "listening on http://127.0.0.1:" << port << std::endl;
  return server.listen_after_bind() ? 0 : 1;
} catch (const drl::Error& error) {
  std::cerr << error.what() << " (" << drl_status_name(error.status()) << ")\n";
  return 1;
}
