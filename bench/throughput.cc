// Many blocking callers on one client, beside as many threads that each own a hiredis connection. One line a crowd size, and CSV for
// the picture. The two take turns, several rounds each, and the ratio is that of the medians.
#include <cstdio>
#include <memory>
#include <vector>

#include "crowd.h"
#include "hiredis_peer.h"
#include "subject.h"

using namespace drl::bench;

namespace {

size_t Who(int caller, size_t i) { return (i * 31 + static_cast<size_t>(caller) * 977) % kIdentities; }

struct Side {
  std::vector<double> per_second;
  Samples latency;

  void Add(CrowdResult result) {
    per_second.push_back(result.per_second);
    latency.Append(result.latency);
  }
  [[nodiscard]] double Median() const {
    std::vector<double> sorted = per_second;
    std::sort(sorted.begin(), sorted.end());
    return sorted[sorted.size() / 2];
  }
};

class Field {
 public:
  Field(const char* socket, int callers) : callers_(callers), subject_(socket, DRL_SPIN_ADAPTIVE) {
    for (int i = 0; i < callers; ++i) peers_.push_back(std::make_unique<HiredisPeer>(socket));
  }

  CrowdResult RunPeers(double seconds, double pace) {
    return RunCrowd(callers_, seconds, pace,
                    [&](int caller, size_t i) { peers_[static_cast<size_t>(caller)]->Decide(keys_[Who(caller, i)]); });
  }
  CrowdResult RunSubject(double seconds, double pace) {
    return RunCrowd(callers_, seconds, pace, [&](int caller, size_t i) { subject_.Decide(names_[Who(caller, i)]); });
  }

 private:
  const int callers_;
  Subject subject_;
  std::vector<std::unique_ptr<HiredisPeer>> peers_;
  const std::vector<std::string> names_ = Identities();
  const std::vector<std::string> keys_ = PeerKeys();
};

void Row(const char* what, int callers, Side& peer, Side& subject) {
  std::printf("%-10s %7d %11.0f %11.0f %6.2f %9.0f %9.0f %9.0f %9.0f %9.0f %9.0f\n", what, callers, peer.Median(),
              subject.Median(), subject.Median() / peer.Median(), peer.latency.Quantile(0.5), subject.latency.Quantile(0.5),
              peer.latency.Quantile(0.99), subject.latency.Quantile(0.99), peer.latency.Quantile(0.999),
              subject.latency.Quantile(0.999));
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s REDIS_UNIX_SOCKET\n", argv[0]);
    return 2;
  }
  constexpr int kRounds = 3;
  constexpr double kSeconds = 1.0;
  std::printf("%-10s %7s %11s %11s %6s %9s %9s %9s %9s %9s %9s\n", "pace", "callers", "hiredis/s", "libdrl/s", "x",
              "h p50 us", "d p50 us", "h p99 us", "d p99 us", "h p99.9", "d p99.9");
  double peak = 0;
  for (const int callers : {1, 4, 16, 64, 256}) {
    Field field(argv[1], callers);
    Side peer, subject;
    for (int round = 0; round < kRounds; ++round) {
      peer.Add(field.RunPeers(kSeconds, 0));
      subject.Add(field.RunSubject(kSeconds, 0));
    }
    if (callers == 64) peak = peer.Median();
    Row("full", callers, peer, subject);
  }
  Field field(argv[1], 64);
  Side peer, subject;
  for (int round = 0; round < kRounds; ++round) {
    peer.Add(field.RunPeers(kSeconds, peak / 2));
    subject.Add(field.RunSubject(kSeconds, peak / 2));
  }
  Row("half", 64, peer, subject);
  return 0;
}
