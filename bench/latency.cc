// One caller: the latency of a decision beside that of a bare blocking hiredis loop. The three take turns in short slices, so
// that the noise of the machine falls on all alike.
#include <cstdio>

#include "hiredis_peer.h"
#include "samples.h"
#include "subject.h"

using namespace drl::bench;

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s REDIS_UNIX_SOCKET\n", argv[0]);
    return 2;
  }
  constexpr int kRounds = 100;
  constexpr int kSlice = 400;
  HiredisPeer peer(argv[1]);
  Subject sleeping(argv[1], DRL_SPIN_OFF);
  Subject spinning(argv[1], DRL_SPIN_ADAPTIVE);
  const auto identities = Identities();
  const auto keys = PeerKeys();
  Samples samples[3];
  size_t next = 0;
  const auto slice = [&](Samples& into, auto&& decide) {
    for (int i = 0; i < kSlice; ++i) {
      const size_t who = next++ % kIdentities;
      const double start = NowUs();
      decide(who);
      if (i >= kSlice / 8) into.Add(NowUs() - start);  // the first ones find cold caches
    }
  };
  for (int round = 0; round < kRounds; ++round) {
    slice(samples[0], [&](size_t who) { peer.Decide(keys[who]); });
    slice(samples[1], [&](size_t who) { sleeping.Decide(identities[who]); });
    slice(samples[2], [&](size_t who) { spinning.Decide(identities[who]); });
  }
  const char* names[3] = {"hiredis, blocking", "libdrl, spinning off", "libdrl, adaptive spinning"};
  std::printf("%-28s %9s %9s %9s %8s\n", "one caller, unix socket", "p50 us", "p99 us", "p99.9 us", "p50 x");
  for (int i = 0; i < 3; ++i) {
    std::printf("%-28s %9.1f %9.1f %9.1f %8.2f\n", names[i], samples[i].Quantile(0.5), samples[i].Quantile(0.99),
                samples[i].Quantile(0.999), samples[i].Quantile(0.5) / samples[0].Quantile(0.5));
  }
  return 0;
}
