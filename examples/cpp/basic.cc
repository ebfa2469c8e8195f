// The shortest useful program: at most 5 requests a minute for each user.
//
//     basic [redis://localhost:6379/0]
#include <drl/drl.hpp>

#include <iostream>

namespace {

double Seconds(std::chrono::microseconds time) { return std::chrono::duration<double>(time).count(); }

void Serve(const drl::Limiter& limiter, const char* user) {
  const drl::Decision decision = limiter.Allow(user);
  if (decision) {
    std::cout << user << ": served, " << decision.remaining << " of " << decision.limit << " left\n";
  } else {
    std::cout << user << ": refused, again in " << Seconds(*decision.retry_after) << " s\n";
  }
}

}  // namespace

int main(int argc, char** argv) try {
  const drl::Client client(argc > 1 ? argv[1] : "redis://localhost:6379/0");
  const drl::Limiter limiter(client, drl::PerMinute(5));

  limiter.Reset("user_123");
  for (int request = 0; request < 7; ++request) Serve(limiter, "user_123");
  Serve(limiter, "user_456");  // everybody has a bucket of their own
  return 0;
} catch (const drl::Error& error) {
  std::cerr << error.what() << " (" << drl_status_name(error.status()) << ")\n";
  return 1;
}
