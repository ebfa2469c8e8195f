// The shortest useful program: at most 5 requests a minute.
//
//     basic [redis://localhost:6379/0]
#include <drl/drl.hpp>

#include <iostream>

int main(int argc, char** argv) try {
  const drl::Client client(argc > 1 ? argv[1] : "redis://localhost:6379/0");
  const drl::Limiter limiter(client, drl::PerMinute(5));

  for (int i = 1; i <= 7; ++i) {
    const drl::Decision decision = limiter.Allow("user_123");
    std::cout << "request " << i << ": ";
    if (decision.degraded()) {
      std::cout << "Redis did not decide (" << drl_status_message(decision.cause) << "); served all the same\n";
    } else if (decision) {
      std::cout << "allowed, " << decision.remaining << " left\n";
    } else {
      const std::chrono::duration<double> wait = *decision.retry_after;
      std::cout << "denied, try again in " << wait.count() << " s\n";
    }
  }
  return 0;
} catch (const drl::Error& error) {
  std::cerr << error.what() << " (" << drl_status_name(error.status()) << ")\n";
  return 1;
}
