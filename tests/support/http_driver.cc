// Lets the tests of another language drive src/http: a command a line on stdin, an answer a line on stdout.
//
//   policies <n> {<name> <quota> <window_s>}...                    -> ok | error <code>
//   headers <outcome> <allowed> <degraded> <binding> <remaining> <retry_us> <reset_us> <decided_us>
//           <styles> <x_reset> <lower_case> <jitter_us> <seed>    -> ok {<name> <value>}... | error <code>
//   problem <outcome> <allowed> <binding> <detail> <instance>      -> ok <http_status> <body> | error <code>
//   resolver <trust> <header> <hops> <prefix4> <prefix6> <n> {<network>}...   -> ok | error <code>
//   resolve <peer> <n> {<line>}...                                 -> ok <identity>
//
// headers and problem use the last policies, resolve the last resolver. Text is in hexadecimal, "-" where it is empty.
#include <clocale>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "http/headers.h"
#include "http/problem.h"
#include "http/resolver.h"

namespace drl::http {
namespace {

using Input = std::istringstream;

int64_t Number(Input& in) {
  int64_t number;
  if (in >> number) return number;
  std::cerr << "a number is missing\n";
  std::exit(2);
}

int32_t Small(Input& in) { return static_cast<int32_t>(Number(in)); }

std::string Text(Input& in) {
  std::string hex;
  std::string text;
  if (!(in >> hex) || (hex != "-" && hex.size() % 2 != 0)) {
    std::cerr << "a text is missing\n";
    std::exit(2);
  }
  for (size_t i = 0; hex != "-" && i < hex.size(); i += 2) {
    text += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  }
  return text;
}

std::vector<std::string> Texts(Input& in) {
  std::vector<std::string> texts(static_cast<size_t>(Number(in)));
  for (std::string& text : texts) text = Text(in);
  return texts;
}

std::string Hex(std::string_view text) {
  static constexpr char kDigits[] = "0123456789abcdef";
  if (text.empty()) return "-";
  std::string hex;
  for (const char c : text) {
    hex += kDigits[static_cast<uint8_t>(c) >> 4];
    hex += kDigits[static_cast<uint8_t>(c) & 15];
  }
  return hex;
}

std::string Answer(const base::Status& status) {
  return status.ok() ? "ok" : std::string("error ") + base::StatusName(status.code());
}

class Driver {
 public:
  std::string Policies(Input& in) {
    std::vector<std::string> names(static_cast<size_t>(Number(in)));
    limits_.clear();
    for (std::string& name : names) {
      name = Text(in);
      const int64_t quota = Number(in);
      limits_.push_back({quota, Number(in) * 1'000'000, quota, 0, 0});
    }
    base::Result<PolicySet> set = PolicySet::Compile(std::vector<std::string_view>(names.begin(), names.end()));
    if (set.ok()) policies_ = std::move(*set);
    return Answer(set.status());
  }

  std::string Headers(Input& in) {
    drl_decision decision{};
    decision.outcome = Small(in);
    decision.allowed = Small(in);
    decision.flags = Small(in);
    decision.binding = Small(in);
    decision.remaining = Number(in);
    decision.retry_after_us = Number(in);
    decision.reset_after_us = Number(in);
    decision.decided_at_us = Number(in);
    PutLimits(decision);
    drl_header_options options = DRL_HEADER_OPTIONS_INIT;
    options.styles = Small(in);
    options.x_reset = Small(in);
    options.lower_case = Small(in);
    options.retry_jitter_us = Number(in);
    options.jitter_seed = Number(in);
    drl_headers headers;
    std::string answer = Answer(RenderHeaders(*policies_, decision, options, headers));
    for (int32_t i = 0; i < headers.count; ++i) {
      const drl_header& item = headers.items[i];
      answer += " " + Hex({item.name, item.name_len}) + " " + Hex({item.value, item.value_len});
    }
    return answer;
  }

  std::string Problem(Input& in) {
    drl_decision decision{};
    decision.outcome = Small(in);
    decision.allowed = Small(in);
    decision.binding = Small(in);
    PutLimits(decision);
    const std::string detail = Text(in);
    const std::string instance = Text(in);
    std::vector<char> body(DRL_PROBLEM_SIZE_MAX);
    http::Problem problem;
    const base::Status status = RenderProblem(*policies_, decision, {detail, instance}, body, problem);
    if (!status.ok()) return Answer(status);
    return "ok " + std::to_string(problem.http_status) + " " + Hex({body.data(), problem.length});
  }

  std::string OpenResolver(Input& in) {
    drl_resolver_options options = DRL_RESOLVER_OPTIONS_INIT;
    options.trust = Small(in);
    options.header = Small(in);
    options.hops = Small(in);
    options.ipv4_prefix_len = Small(in);
    options.ipv6_prefix_len = Small(in);
    const std::vector<std::string> networks = Texts(in);
    std::vector<const char*> pointers;
    for (const std::string& network : networks) pointers.push_back(network.c_str());
    options.networks = pointers.data();
    options.networks_count = static_cast<int32_t>(pointers.size());
    base::Result<Resolver> resolver = Resolver::Compile(options);
    if (resolver.ok()) resolver_ = std::move(*resolver);
    return Answer(resolver.status());
  }

  std::string Resolve(Input& in) {
    const std::string peer = Text(in);
    const std::vector<std::string> lines = Texts(in);
    std::vector<drl_header_line> spans;
    for (const std::string& line : lines) spans.push_back({line.data(), line.size()});
    char text[DRL_CLIENT_ADDRESS_SIZE];
    TextWriter out(text);
    resolver_->Resolve(peer, spans, out);
    return "ok " + Hex(out.Since(0));
  }

 private:
  void PutLimits(drl_decision& decision) const {
    std::copy(limits_.begin(), limits_.end(), decision.limits);
    decision.limits_count = static_cast<int32_t>(limits_.size());
  }

  std::optional<PolicySet> policies_;
  std::vector<drl_limit_state> limits_;  // of every decision that follows
  std::optional<Resolver> resolver_;
};

}  // namespace
}  // namespace drl::http

int main() {
  using drl::http::Driver;
  using drl::http::Input;
  Driver driver;
  const std::map<std::string, std::function<std::string(Input&)>> commands = {
      {"policies", [&](Input& in) { return driver.Policies(in); }},
      {"headers", [&](Input& in) { return driver.Headers(in); }},
      {"problem", [&](Input& in) { return driver.Problem(in); }},
      {"resolver", [&](Input& in) { return driver.OpenResolver(in); }},
      {"resolve", [&](Input& in) { return driver.Resolve(in); }},
  };
  std::setlocale(LC_ALL, "");  // as a program of a user may: no output of the library depends on it
  std::ios::sync_with_stdio(false);
  for (std::string line; std::getline(std::cin, line);) {
    Input in(line);
    std::string name;
    in >> name;
    const auto command = commands.find(name);
    if (command == commands.end()) {
      std::cerr << "unknown command: " << name << "\n";
      return 2;
    }
    std::cout << command->second(in) << '\n';
  }
  return 0;
}
