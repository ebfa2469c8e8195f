/* The limiter: 1 to 8 limits that are charged all together or not at all. */
#ifndef DRL_CPP_LIMITER_HPP
#define DRL_CPP_LIMITER_HPP

#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "../http.h"
#include "../limiter.h"
#include "../request.h"
#include "client.hpp"
#include "decision.hpp"
#include "http.hpp"
#include "request.hpp"
#include "status.hpp"

namespace drl {

/** `rate` tokens in `per`, refilled continuously, at most `burst` saved up. */
struct Limit {
  int64_t rate = 0;
  std::chrono::microseconds per{0};
  int64_t burst = 0;  ///< 0: as rate
  std::string name;   ///< in HTTP headers; may be empty
};

/** Limit of `rate` tokens in one second, minute, hour or day. */
inline Limit PerSecond(int64_t rate, int64_t burst = 0) { return {rate, std::chrono::seconds(1), burst, {}}; }
inline Limit PerMinute(int64_t rate, int64_t burst = 0) { return {rate, std::chrono::minutes(1), burst, {}}; }
inline Limit PerHour(int64_t rate, int64_t burst = 0) { return {rate, std::chrono::hours(1), burst, {}}; }
inline Limit PerDay(int64_t rate, int64_t burst = 0) { return {rate, std::chrono::hours(24), burst, {}}; }

struct LimiterOptions {
  std::vector<Limit> limits;
  std::string key_namespace;  ///< default "default"
  std::string name;           ///< tells limiters of one namespace apart; default none
  FailStrategy fail_strategy = FailStrategy::kOpen;
};

/** Limits on a client. Limiters with the same namespace, name and limits share their buckets, in every process and
 *  language. Give each limiter of an application a name of its own.
 */
class Limiter {
 public:
  Limiter(const Client& client, const LimiterOptions& options) { Open(client, options, nullptr); }
  Limiter(const Client& client, const LimiterOptions& options, std::error_code& error) {
    Open(client, options, &error);
  }

  /** The same with one limit and defaults: drl::Limiter(client, drl::PerMinute(100)). */
  Limiter(const Client& client, Limit limit) : Limiter(client, OptionsOf({std::move(limit)})) {}

  /** The same with several: drl::Limiter(client, {drl::PerSecond(10), drl::PerDay(1000)}). */
  Limiter(const Client& client, std::vector<Limit> limits) : Limiter(client, OptionsOf(std::move(limits))) {}

  /** Take `cost` tokens from the buckets of one identity, now or not at all. Cost 0 peeks.
   *  Blocks at most the client's timeout. Fails for a wrong argument, and with FailStrategy::kError without Redis.
   */
  Decision Allow(std::string_view identity, int64_t cost = 1) const { return Allow(identity, cost, nullptr); }
  Decision Allow(std::string_view identity, std::error_code& error) const { return Allow(identity, 1, &error); }
  Decision Allow(std::string_view identity, int64_t cost, std::error_code& error) const {
    return Allow(identity, cost, &error);
  }

  /** Look at the buckets and take nothing. */
  Decision Peek(std::string_view identity) const { return Allow(identity, 0, nullptr); }
  Decision Peek(std::string_view identity, std::error_code& error) const { return Allow(identity, 0, &error); }

  /** Forget one identity: its buckets are full again. Fails when Redis did not do it, whatever the fail strategy. */
  void Reset(std::string_view identity) const { Reset(identity, nullptr); }
  void Reset(std::string_view identity, std::error_code& error) const { Reset(identity, &error); }

  /** Decide one request that says more than identity and cost: headroom, a time-out or a fail strategy of its own. */
  Decision Decide(const Request& request) const { return Decide(request, nullptr); }
  Decision Decide(const Request& request, std::error_code& error) const { return Decide(request, &error); }

  /** Decide 1 to 4096 requests in one round trip, as Decide would one after the other. The answers are in their order.
   *  With the error_code, all answers are there even if some failed.
   */
  std::vector<Decision> AllowMany(const std::vector<Request>& requests) const { return AllowMany(requests, nullptr); }
  std::vector<Decision> AllowMany(const std::vector<Request>& requests, std::error_code& error) const {
    return AllowMany(requests, &error);
  }

  /** Allow without waiting: no thread waits for the answer, the I/O thread fulfils the promise. A wrong argument throws
   *  here, everything else from get(). Do not wait for the future in a callback.
   */
  std::future<Decision> AllowAsync(std::string_view identity, int64_t cost = 1) const {
    return DecideAsync({identity, cost});
  }
  std::future<Decision> DecideAsync(const Request& request) const {
    std::promise<Decision> promise;
    std::future<Decision> future = promise.get_future();
    auto fulfil = [promise = std::move(promise)](std::error_code error, const Decision& decision,
                                                 std::string_view message) mutable {
      try {
        if (error) throw Error(error.value(), std::string(message));
        promise.set_value(decision);
      } catch (...) {
        promise.set_exception(std::current_exception());
      }
    };
    Submit(request, std::move(fulfil), nullptr);
    return future;
  }

  /** Allow with a callback: `function(std::error_code, const Decision&)` is called once, on the I/O thread, or on this
   *  one when the answer is known at once. It must return soon, must not throw, and may submit further asynchronous
   *  calls. When AllowCallback itself fails, the function is not called. A function that takes a std::string_view as
   *  its third argument is also told why Redis did not decide ("" when it did).
   */
  template <typename Function>
  void AllowCallback(std::string_view identity, int64_t cost, Function&& function) const {
    Submit({identity, cost}, std::forward<Function>(function), nullptr);
  }
  template <typename Function>
  void AllowCallback(std::string_view identity, int64_t cost, Function&& function, std::error_code& error) const {
    Submit({identity, cost}, std::forward<Function>(function), &error);
  }
  template <typename Function>
  void DecideCallback(const Request& request, Function&& function) const {
    Submit(request, std::forward<Function>(function), nullptr);
  }
  template <typename Function>
  void DecideCallback(const Request& request, Function&& function, std::error_code& error) const {
    Submit(request, std::forward<Function>(function), &error);
  }

  /** The Redis key of one identity, for operators who look into Redis. */
  std::string Key(std::string_view identity) const { return Key(identity, nullptr); }
  std::string Key(std::string_view identity, std::error_code& error) const { return Key(identity, &error); }

  /** The HTTP headers of a decision of this limiter. */
  std::vector<Header> Headers(const Decision& decision, const HeaderOptions& options = {}) const {
    std::vector<Header> list;
    ForEachHeader(decision, options, [&](const char* name, const char* value) { list.push_back({name, value}); });
    return list;
  }

  /** The same without allocating: `function(const char* name, const char* value)` for each. */
  template <typename Function>
  void ForEachHeader(const Decision& decision, const HeaderOptions& options, Function&& function) const {
    drl_header_options at = detail::Unset<drl_header_options>();
    at.styles = options.styles;
    at.x_reset = static_cast<int32_t>(options.x_reset);
    at.lower_case = options.lower_case ? 1 : 0;
    at.retry_jitter_us = options.retry_jitter.count();
    const drl_decision from = detail::ToC(decision);
    drl_headers headers;
    detail::Run(nullptr, [&](drl_error* why) { return drl_limiter_headers(get(), &from, &at, &headers, why); });
    for (int32_t i = 0; i < headers.count; ++i) function(headers.items[i].name, headers.items[i].value);
  }

  /** The HTTP status and the body of a refusal. `detail` is a sentence for a person, `instance` a URI reference of this
   *  occurrence; both at most 512 bytes, empty for none.
   */
  Problem MakeProblem(const Decision& decision, std::string_view detail = {}, std::string_view instance = {}) const {
    const drl_decision from = detail::ToC(decision);
    drl_problem_options at = detail::Unset<drl_problem_options>();
    at.detail = detail::Data(detail);
    at.detail_len = detail.size();
    at.instance = detail::Data(instance);
    at.instance_len = instance.size();
    char body[DRL_PROBLEM_SIZE_MAX];
    size_t length = 0;
    Problem problem;
    detail::Run(nullptr, [&](drl_error* why) {
      return drl_limiter_problem(get(), &from, &at, body, sizeof body, &length, &problem.http_status, why);
    });
    problem.body.assign(body, length);
    return problem;
  }

  /** The C handle, borrowed. */
  drl_limiter* get() const noexcept { return handle_.get(); }

 private:
  struct Close {
    void operator()(drl_limiter* limiter) const noexcept { drl_limiter_close(limiter); }
  };

  static LimiterOptions OptionsOf(std::vector<Limit> limits) {
    LimiterOptions options;
    options.limits = std::move(limits);
    return options;
  }

  static drl_status Check(const LimiterOptions& options, drl_error* why) {
    drl_status status = detail::CheckTexts({{"namespace", &options.key_namespace, DRL_ERR_NAMESPACE},
                                            {"name", &options.name, DRL_ERR_NAME}},
                                           why);
    for (size_t i = 0; i < options.limits.size() && status == DRL_OK; ++i) {
      const std::string argument = "limits[" + std::to_string(i) + "].name";
      status = detail::CheckTexts({{argument.c_str(), &options.limits[i].name, DRL_ERR_NAME}}, why);
    }
    return status;
  }

  void Open(const Client& client, const LimiterOptions& options, std::error_code* error) {
    // Room for one, since no limits at all are to be reported as such, and not as a null pointer.
    std::vector<drl_limit> limits(options.limits.size() + 1);
    for (size_t i = 0; i < options.limits.size(); ++i) {
      const Limit& from = options.limits[i];
      limits[i] = {from.rate, from.per.count(), from.burst, detail::OrNull(from.name), {0, 0}};
    }
    drl_limiter_options policy = detail::Unset<drl_limiter_options>();
    policy.limits = limits.data();
    policy.limits_count = static_cast<int32_t>(options.limits.size());
    policy.key_namespace = detail::OrNull(options.key_namespace);
    policy.name = detail::OrNull(options.name);
    policy.fail_strategy = static_cast<int32_t>(options.fail_strategy);
    drl_limiter* opened = nullptr;
    detail::Run(error, [&](drl_error* why) {
      const drl_status status = Check(options, why);
      return status == DRL_OK ? drl_limiter_open(client.get(), &policy, &opened, why) : status;
    });
    handle_.reset(opened);
    client_ = client.state_;
  }

  Decision Allow(std::string_view identity, int64_t cost, std::error_code* error) const {
    drl_decision decision{};
    Decision made;
    detail::Run(error, [&](drl_error* why) {
      const drl_status status = drl_limiter_allow(get(), detail::Data(identity), identity.size(), cost, &decision, why);
      made = detail::FromC(decision, why->message);
      return status;
    });
    return made;
  }

  void Reset(std::string_view identity, std::error_code* error) const {
    detail::Run(error, [&](drl_error* why) {
      return drl_limiter_reset(get(), detail::Data(identity), identity.size(), why);
    });
  }

  drl_client* client() const noexcept { return client_ ? client_->handle : nullptr; }

  Decision Decide(const Request& from, std::error_code* error) const {
    const drl_request request = detail::ToC(get(), from);
    drl_decision decision{};
    Decision made;
    detail::Run(error, [&](drl_error* why) {
      const drl_status status = drl_client_decide(client(), &request, sizeof request, 1, &decision, why);
      made = detail::FromC(decision, why->message);
      return status;
    });
    return made;
  }

  std::vector<Decision> AllowMany(const std::vector<Request>& requests, std::error_code* error) const {
    std::vector<drl_request> list;
    list.reserve(requests.size() + 1);  // none at all is to be reported as such, and not as a null pointer
    for (const Request& from : requests) list.push_back(detail::ToC(get(), from));
    std::vector<drl_decision> made(requests.size() + 1);
    detail::Run(error, [&](drl_error* why) {
      return drl_client_decide(client(), list.data(), sizeof(drl_request), static_cast<int32_t>(list.size()),
                               made.data(), why);
    });
    std::vector<Decision> decisions;
    decisions.reserve(requests.size());
    for (size_t i = 0; i < requests.size(); ++i) decisions.push_back(detail::FromC(made[i]));
    return decisions;
  }

  std::string Key(std::string_view identity, std::error_code* error) const {
    char key[DRL_KEY_SIZE] = "";
    size_t length = 0;
    detail::Run(error, [&](drl_error* why) {
      return drl_limiter_key(get(), detail::Data(identity), identity.size(), key, sizeof key, &length, why);
    });
    return {key, length};
  }

  template <typename Function>
  static void Call(drl_status status, const drl_decision* decision, const char* message, void* user) noexcept {
    const std::unique_ptr<Function> function(static_cast<Function*>(user));
    if constexpr (std::is_invocable_v<Function&, std::error_code, const Decision&, std::string_view>) {
      (*function)(MakeErrorCode(status), detail::FromC(*decision, message), std::string_view(message));
    } else {
      (*function)(MakeErrorCode(status), detail::FromC(*decision, message));
    }
  }

  template <typename Function>
  void Submit(const Request& from, Function&& function, std::error_code* error) const {
    using Stored = std::decay_t<Function>;
    auto stored = std::make_unique<Stored>(std::forward<Function>(function));
    const drl_request request = detail::ToC(get(), from);
    const drl_status status = detail::Run(error, [&](drl_error* why) {
      return drl_client_decide_callback(client(), &request, sizeof request, why, &Call<Stored>, stored.get());
    });
    if (status == DRL_OK) static_cast<void>(stored.release());  // Call owns it, and may have deleted it already
  }

  std::shared_ptr<detail::ClientState> client_;  // first, so that it goes last
  std::unique_ptr<drl_limiter, Close> handle_;
};

}  // namespace drl

#endif  // DRL_CPP_LIMITER_HPP
