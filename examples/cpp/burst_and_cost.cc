// Bursts, several limits, requests that cost more than others, and what happens without Redis.
//
//     burst_and_cost [redis://localhost:6379/0]
#include <drl/drl.hpp>

#include <iostream>
#include <vector>

namespace {

void Print(const char* what, const drl::Decision& decision) {
  std::cout << what << ": " << (decision.allowed ? "allowed" : "refused") << ", " << decision.remaining << " of "
            << decision.limit << " left";
  if (decision.degraded()) std::cout << ", without Redis (" << drl_status_message(decision.cause) << ")";
  if (!decision.retry_after) std::cout << ", and never will be";
  std::cout << "\n";
}

// 10 tokens a second with 50 saved up at most, and 1,000 a day: a request takes from both or from neither.
drl::LimiterOptions Policy() {
  drl::LimiterOptions policy;
  policy.limits = {drl::PerSecond(10, 50), drl::PerDay(1000)};
  policy.limits[0].name = "burst";
  policy.limits[1].name = "daily";
  policy.key_namespace = "example";
  policy.name = "uploads";
  policy.fail_strategy = drl::FailStrategy::kClosed;
  return policy;
}

}  // namespace

int main(int argc, char** argv) try {
  const drl::Client client(argc > 1 ? argv[1] : "redis://localhost:6379/0");
  const drl::Limiter uploads(client, Policy());

  uploads.Reset("user_123");
  Print("small upload, cost 1", uploads.Allow("user_123"));
  Print("large upload, cost 45", uploads.Allow("user_123", 45));
  Print("another large one", uploads.Allow("user_123", 45));
  Print("larger than the bucket", uploads.Allow("user_123", 60));
  Print("a look, which takes nothing", uploads.Peek("user_123"));

  // Many requests, one round trip.
  const std::vector<drl::Decision> batch = uploads.AllowMany({{"user_1"}, {"user_2", 5}, {"user_3", 60}});
  for (const drl::Decision& decision : batch) Print("one of a batch", decision);

  // Without waiting: the program does something else until it needs the answer.
  std::future<drl::Decision> later = uploads.AllowAsync("user_123", 2);
  Print("asynchronous", later.get());

  // Without exceptions.
  std::error_code error;
  uploads.Allow("user_123", -1, error);
  std::cout << "cost -1: " << error.message() << "\n";
  return 0;
} catch (const drl::Error& error) {
  std::cerr << error.what() << " (" << drl_status_name(error.status()) << ")\n";
  return 1;
}
