// Calls cancelled and timed out at random moments, over a proxy that delays, slices and cuts: no wrong answer, no leak, no hang.
#include <atomic>
#include <map>
#include <thread>
#include <vector>

#include "census.h"
#include "fault_proxy.h"
#include "handles.h"
#include "scale.h"
#include "seed.h"

namespace drl::test {
namespace {

constexpr int64_t kInterruptions = 100'000;
constexpr Faults kFaults{.delay_one_in = 20, .delay_max_us = 12'000, .slice_one_in = 50, .cut_one_in = 300};

// Limiters that differ in burst: an answer that strays to another call shows.
struct Policies {
  explicit Policies(const Client& client) {
    for (size_t i = 0; i < bursts.size(); ++i) {
      const std::string name = "policy-" + std::to_string(i);
      limiters.push_back(OpenLimiter(client, LimiterOptions(1, 100'000'000, bursts[i], name.c_str())));
    }
  }
  std::vector<int64_t> bursts{10'007, 20'011, 40'009, 80'021};
  std::vector<Limiter> limiters;
};

// One call to an identity of its own, and what its caller was told.
struct Told {
  size_t policy;
  std::string identity;
  int64_t cost;
  int32_t charged = -1;  // not answered
};

// Whether the decision is a right one for a bucket that was full.
bool Right(const drl_decision& decision, int64_t burst, int64_t cost) {
  if (decision.outcome == DRL_OUTCOME_UNDECIDED) return decision.cause != DRL_OK && decision.charged != DRL_CHARGED_YES;
  return decision.outcome == DRL_OUTCOME_ALLOWED && decision.limit == burst && decision.cost == cost &&
         decision.remaining == burst - cost && decision.charged == DRL_CHARGED_YES;
}

class Interrupted {
 public:
  Interrupted(const Client& client, uint64_t seed, std::string prefix, std::atomic<int64_t>& left)
      : policies_(client), queue_(OpenQueue(client, 1'024)), random_(seed), prefix_(std::move(prefix)), left_(left) {}

  // Submits, cancels some at a random moment, lets others run into the deadline.
  void CancelAtRandom() {
    while (left_.load() > 0) {
      Submit(Uniform(random_, 1, 16));
      if (OneIn(random_, 2)) std::this_thread::sleep_for(std::chrono::microseconds(Uniform(random_, 0, 1'500)));
      CancelSome();
      Take(0);
    }
    for (int i = 0; i < 1'000 && !open_.empty(); ++i) Take(20'000);
    EXPECT_TRUE(open_.empty()) << open_.size() << " calls never completed";
  }

  void CallAndTimeOut() {
    while (left_.load() > 0) {
      const Told told = Invent();
      const Answer answer = Allow(policies_.limiters[told.policy], told.identity, told.cost);
      if (answer.decision.cause == DRL_ERR_TIMEOUT) --left_;
      Check(told, answer.decision);
      if (answer.decision.cause != DRL_OK) std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
  }

  [[nodiscard]] int64_t wrong() const { return wrong_; }
  [[nodiscard]] int64_t cancelled() const { return cancelled_; }
  [[nodiscard]] const std::vector<Told>& told() const { return told_; }

 private:
  Told Invent() {
    const auto policy = static_cast<size_t>(Uniform(random_, 0, 3));
    return {policy, prefix_ + std::to_string(next_++), Uniform(random_, 1, 5'000)};
  }

  void Submit(int64_t count) {
    for (int64_t i = 0; i < count; ++i) {
      const int64_t id = next_;
      const Told told = Invent();
      const drl_status status = drl_queue_submit(queue_.get(), policies_.limiters[told.policy].get(),
                                                 told.identity.data(), told.identity.size(), told.cost, id, nullptr);
      if (status == DRL_ERR_COMPLETIONS_FULL) return;
      ASSERT_EQ(status, DRL_OK);
      open_.emplace(id, told);
    }
  }

  void CancelSome() {
    for (const auto& [id, told] : open_) {
      if (!OneIn(random_, 2)) continue;
      if (drl_queue_cancel(queue_.get(), id, nullptr) == DRL_OK) --left_;
    }
  }

  void Take(int64_t timeout_us) {
    drl_completion completions[128];
    int32_t count = 0;
    ASSERT_EQ(drl_queue_wait(queue_.get(), timeout_us, completions, 128, &count, nullptr), DRL_OK);
    for (int32_t i = 0; i < count; ++i) {
      const auto found = open_.find(completions[i].id);
      if (found == open_.end()) {
        ++wrong_;
        continue;
      }
      const drl_decision& decision = completions[i].decision;
      if (decision.cause == DRL_ERR_TIMEOUT) --left_;
      cancelled_ += completions[i].status == DRL_ERR_CANCELLED ? 1 : 0;
      Check(found->second, decision);
      open_.erase(found);
    }
  }

  void Check(const Told& told, const drl_decision& decision) {
    wrong_ += Right(decision, policies_.bursts[told.policy], told.cost) ? 0 : 1;
    told_.push_back(told);
    told_.back().charged = decision.charged;
  }

  Policies policies_;
  Queue queue_;
  Random random_;
  const std::string prefix_;
  std::atomic<int64_t>& left_;
  std::map<int64_t, Told> open_;
  std::vector<Told> told_;
  int64_t next_ = 0;
  int64_t wrong_ = 0;
  int64_t cancelled_ = 0;
};

// Calls whose charge in Redis is not what their caller was told.
int64_t CountLies(const Client& auditor, const std::vector<Told>& told) {
  const Policies policies(auditor);
  int64_t lies = 0;
  for (size_t at = 0; at < told.size(); at += DRL_REQUESTS_MAX) {
    std::vector<drl_request> requests;
    for (size_t i = at; i < std::min<size_t>(at + DRL_REQUESTS_MAX, told.size()); ++i) {
      requests.push_back(AllowRequest(policies.limiters[told[i].policy].get(), told[i].identity, 0));
    }
    std::vector<drl_decision> decisions(requests.size());
    EXPECT_EQ(Decide(auditor, requests, decisions.data()), DRL_OK);
    for (size_t i = 0; i < decisions.size(); ++i) {
      const Told& one = told[at + i];
      const int64_t charged = policies.bursts[one.policy] - decisions[i].remaining;
      const bool fits = one.charged == DRL_CHARGED_YES  ? charged == one.cost
                        : one.charged == DRL_CHARGED_NO ? charged == 0
                                                        : charged == 0 || charged == one.cost;
      lies += fits ? 0 : 1;
    }
  }
  return lies;
}

struct Result {
  int64_t wrong = 0;
  int64_t lies = 0;
  int64_t cancelled = 0;
  size_t calls = 0;
};

Result Interrupt(redis_server* server, FaultProxy& proxy, uint64_t seed, int64_t interruptions) {
  Result result;
  std::atomic<int64_t> left{interruptions};
  const Client hasty = OpenClient(proxy.url(), 5'000);
  const Client patient = OpenClient(proxy.url(), 100'000);
  std::vector<std::unique_ptr<Interrupted>> parties;
  for (int i = 0; i < 4; ++i) {
    parties.push_back(std::make_unique<Interrupted>(i < 2 ? hasty : patient, seed + static_cast<uint64_t>(i),
                                                    "party-" + std::to_string(seed) + "-" + std::to_string(i) + "-", left));
  }
  std::vector<std::thread> threads;
  threads.emplace_back([&] { parties[0]->CallAndTimeOut(); });
  for (size_t i = 1; i < 4; ++i) threads.emplace_back([&, i] { parties[i]->CancelAtRandom(); });
  for (std::thread& thread : threads) thread.join();
  // What was cancelled after it had been sent is held until its reply comes.
  for (int i = 0; i < 1'000 && Stats(hasty).queue_depth + Stats(patient).queue_depth > 0; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_EQ(Stats(hasty).queue_depth + Stats(patient).queue_depth, 0) << "a call was not let go";

  const Client auditor = OpenClient(redis_server_url(server));
  for (const auto& party : parties) {
    result.wrong += party->wrong();
    result.cancelled += party->cancelled();
    result.calls += party->told().size();
    result.lies += CountLies(auditor, party->told());
  }
  return result;
}

TEST(Proxy, CancelledAndTimedOutCallsLeaveNoWrongAnswerAndNothingBehind) {
  const uint64_t seed = Seed();
  const Server server = StartServer();
  FaultProxy proxy(redis_server_socket(server.get()), seed);
  proxy.SetFaults(kFaults);
  Interrupt(server.get(), proxy, seed, Scaled(kInterruptions) / 10);  // whatever is set up once
  proxy.CutAll();
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  const Census before;
  const Result result = Interrupt(server.get(), proxy, seed + 100, Scaled(kInterruptions));
  proxy.CutAll();
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  const Census after = CensusWhenThreadsAre(before.threads);

  std::printf("%zu calls, %ld cancelled, %ld connections cut\n", result.calls, result.cancelled, proxy.cut());
  EXPECT_EQ(result.wrong, 0);
  EXPECT_EQ(result.lies, 0) << "callers were told something else than Redis did";
  EXPECT_GT(result.cancelled, 0);
  EXPECT_GT(proxy.cut(), 2);
  EXPECT_EQ(after.threads, before.threads);
  EXPECT_EQ(after.descriptors, before.descriptors);
  if (!kSanitized) {
    EXPECT_LT(after.allocated - before.allocated, 256 * 1024);
  }
}

TEST(Proxy, ClientSurvivesAConnectionThatSlicesEveryByte) {
  const uint64_t seed = Seed();
  const Server server = StartServer();
  FaultProxy proxy(redis_server_socket(server.get()), seed);
  proxy.SetFaults({.slice_one_in = 1});
  const Client client = OpenClient(proxy.url());
  const Limiter limiter = OpenLimiter(client, Ledger());
  ASSERT_GE(MicrosUntilDecided(limiter, "someone"), 0);
  for (int64_t i = 1; i <= 50; ++i) ASSERT_EQ(Allow(limiter, "someone").decision.remaining, kLedgerBurst - i);
}

TEST(Proxy, CallWhoseConnectionIsCutIsNotSentAgain) {
  const uint64_t seed = Seed();
  const Server server = StartServer();
  FaultProxy proxy(redis_server_socket(server.get()), seed);
  const Client client = OpenClient(proxy.url());
  const Limiter limiter = OpenLimiter(client, Ledger(DRL_FAIL_ERROR));
  ASSERT_GE(MicrosUntilDecided(limiter, "someone"), 0);
  int64_t told = 0;
  int64_t unknown = 0;
  for (int64_t i = 0; i < Scaled(200); ++i) {
    std::thread cutter([&] { proxy.CutAll(); });
    const Answer answer = Allow(limiter, "someone");
    cutter.join();
    told += answer.decision.charged == DRL_CHARGED_YES ? 1 : 0;
    unknown += answer.decision.charged == DRL_CHARGED_UNKNOWN ? 1 : 0;
    ASSERT_GE(MicrosUntilDecided(limiter, "someone"), 0);
  }
  const int64_t charged = ChargedInRedis(limiter, "someone");
  EXPECT_GE(charged, told);
  EXPECT_LE(charged, told + unknown);
}

}  // namespace
}  // namespace drl::test
