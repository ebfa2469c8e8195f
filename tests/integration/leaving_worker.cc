// A program that ends while its threads are in the midst of calls, or of connecting.
//
//   drl_leaving_worker <redis_url> <threads> <milliseconds>
#include <drl/drl.h>

#include <chrono>
#include <cstdlib>
#include <thread>

namespace {

drl_client* Open(const char* url) {
  drl_client* client = nullptr;
  drl_client_options at = DRL_CLIENT_OPTIONS_INIT;
  at.redis_url = url;
  drl_client_open(&at, &client, nullptr);
  return client;
}

void Connect(const char* url) {
  while (true) {
    drl_client* client = Open(url);
    if (client != nullptr) drl_client_wait_ready(client, 100'000, nullptr);
    drl_client_close(client);
  }
}

void Call(drl_limiter* limiter) {
  drl_decision decision{};
  while (true) drl_limiter_allow(limiter, "someone", 7, 1, &decision, nullptr);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  // Registered first, so that it runs after whatever libraries do at the end: the others go on meanwhile.
  if (std::atexit([] { std::this_thread::sleep_for(std::chrono::milliseconds(30)); }) != 0) return 2;
  drl_client* client = Open(argv[1]);
  drl_limiter* limiter = nullptr;
  drl_limiter_options policy = DRL_LIMITER_OPTIONS_INIT;
  policy.rate = 1'000'000;
  policy.per_us = 1'000'000;
  if (drl_client_wait_ready(client, 20'000'000, nullptr) != DRL_OK) return 3;
  if (drl_limiter_open(client, &policy, &limiter, nullptr) != DRL_OK) return 3;
  for (int i = 0; i < std::atoi(argv[2]); ++i) {
    std::thread(Call, limiter).detach();
    std::thread(Connect, argv[1]).detach();
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(std::atoi(argv[3])));
  return 0;
}
