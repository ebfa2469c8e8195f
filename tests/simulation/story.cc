#include "story.h"

#include <algorithm>
#include <array>
#include <set>

#include "network.h"
#include "seed.h"
#include "sentinels.h"
#include "server.h"

namespace drl::simulation {
namespace {

using base::Micros;

constexpr Micros kMillisecond = 1'000;
constexpr Micros kSecond = 1'000'000;

constexpr std::array kNames = {
    "ask",  "forget", "cancel", "flush the script", "flush the state", "mood",  "writes",   "slow",     "stop",
    "down", "cut",    "door",   "way",              "step the clock",  "drift", "password", "sessions", "close all", "repeat",
    "keys", "failover", "sentinel"};

class Teller {
 public:
  Teller(uint64_t seed, const Catalogue& catalogue, bool watched) : random_(seed), catalogue_(catalogue) {
    story_.seed = seed;
    story_.watched = watched;
  }

  Story Tell() {
    story_.older_server = test::OneIn(random_, 3);
    story_.requests_per_command_max = Pick<int>({1, 3, 8, 64, 64, 64});
    story_.queue_capacity = Pick<uint32_t>({256, 1024, 1024, 4096});
    story_.timeout = Pick<Micros>({20, 100, 100, 300}) * kMillisecond;
    story_.connect_timeout = Pick<Micros>({100, 500, 1000}) * kMillisecond;
    story_.lag_max = Pick<Micros>({0, 5, 50, 400});
    const int64_t faults = Pick<int64_t>({0, 1, 2, 4, 8, 16});
    const Micros troubled = Draw(1, 5) * kSecond;
    for (int64_t i = 0; i < faults; ++i) AddFault(DrawFaultTime(troubled));
    if (story_.watched) AddFollies(troubled);
    Settle(troubled);
    AddRequests(Draw(300, 5'000), 0, troubled + kSecond, false);
    AddRequests(Draw(50, 200), troubled + kSecond, story_.healed_from, true);
    AddRequests(Draw(100, 400), story_.healed_from, story_.ends_at - kSecond, true);
    std::stable_sort(story_.actions.begin(), story_.actions.end(), [](const Action& x, const Action& y) { return x.at < y.at; });
    if (test::OneIn(random_, 10)) EndEarly(troubled);
    return std::move(story_);
  }

 private:
  // In the midst of everything.
  void EndEarly(Micros troubled) {
    story_.ends_at = Draw(kMillisecond, troubled);
    story_.calm_from = story_.healed_from = story_.ends_at + kHealsWithin;
    std::erase_if(story_.actions, [this](const Action& action) { return action.at > story_.ends_at; });
  }

  // What follows from the faults.
  void Settle(Micros troubled) {
    Micros over = kSecond;
    for (const Action& action : story_.actions) {
      over = std::max(over, action.at + action.lasts);
      if (action.kind == ActionKind::kDrift) story_.clock_error = std::max(story_.clock_error, 10 * kMillisecond);
      if (action.kind == ActionKind::kStepClock) story_.clock_error = INT64_MAX;
    }
    story_.healed_from = over + kHealsWithin;
    story_.calm_from = std::max(over + kServesWithin, troubled + kSecond);
    story_.ends_at = story_.healed_from + 2 * kSecond;
  }

  int64_t Draw(int64_t low, int64_t high) { return test::Uniform(random_, low, high); }
  template <typename T>
  T Pick(std::initializer_list<T> from) {
    return from.begin()[Draw(0, static_cast<int64_t>(from.size()) - 1)];
  }

  // Many meet the one before.
  Micros DrawFaultTime(Micros troubled) {
    if (story_.actions.empty() || !test::OneIn(random_, 3)) return Draw(kSecond / 5, troubled);
    const Action& last = story_.actions.back();
    return last.at + Draw(0, last.lasts);
  }

  void AddFault(Micros at) {
    constexpr auto kFirst = static_cast<int64_t>(ActionKind::kFlushScript);
    constexpr auto kLast = static_cast<int64_t>(ActionKind::kKeys);
    Action fault{at, static_cast<ActionKind>(Draw(kFirst, kLast))};
    fault.lasts = test::OneIn(random_, 3) ? Draw(1, 3 * kSecond) : test::LogUniform(random_, 3 * kSecond);
    switch (fault.kind) {
      case ActionKind::kFlushScript:
        fault.lasts = Draw(0, 1) * test::LogUniform(random_, 2 * kMillisecond);
        break;
      case ActionKind::kMood:
        fault.a = Draw(static_cast<int64_t>(Mood::kLoading), static_cast<int64_t>(Mood::kNoPermission));
        break;
      case ActionKind::kWrites:
        fault.a = Draw(static_cast<int64_t>(Writes::kOutOfMemory), static_cast<int64_t>(Writes::kTooFewReplicas));
        break;
      case ActionKind::kSlow:
        fault.a = test::LogUniform(random_, 200 * kMillisecond);
        break;
      case ActionKind::kStop:
        fault.a = Draw(0, 1);
        break;
      case ActionKind::kDown:
        fault.a = Draw(0, 1);
        fault.b = Draw(0, 1);
        fault.c = test::OneIn(random_, 3) ? Draw(-3 * kSecond, 3 * kSecond) : 0;
        break;
      case ActionKind::kCut:
        fault.a = Draw(static_cast<int64_t>(Cut::kReset), static_cast<int64_t>(Cut::kVanish));
        fault.b = Draw(0, 1000);
        fault.c = Draw(0, 1000);
        fault.d = test::LogUniform(random_, 50 * kMillisecond);
        break;
      case ActionKind::kDoor:
        fault.a = Draw(static_cast<int64_t>(Door::kRefuses), static_cast<int64_t>(Door::kHangs));
        break;
      case ActionKind::kWay:
        fault.a = test::LogUniform(random_, 40 * kMillisecond);
        fault.b = fault.a + test::LogUniform(random_, 60 * kMillisecond);
        fault.c = Draw(1, 12);
        fault.d = Pick<int64_t>({100, 3'000, 65'536});
        break;
      case ActionKind::kStepClock:
        fault.a = Draw(0, 1) == 1 ? test::LogUniform(random_, 5 * kSecond) : -test::LogUniform(random_, 5 * kSecond);
        break;
      case ActionKind::kDrift:
        fault.a = Draw(-500, 500);
        break;
      case ActionKind::kKeys:
        fault.a = Draw(0, static_cast<int64_t>(catalogue_.plans().size()) - 1);
        break;
      case ActionKind::kRepeat:
        fault.lasts = std::max(fault.lasts, kSecond);  // else hardly ever an answer comes
        break;
      case ActionKind::kSessions:
      case ActionKind::kCloseAll:
        fault.a = Draw(0, 1);
        break;
      default:
        break;
    }
    constexpr std::array kInstant = {ActionKind::kFlushState, ActionKind::kCut, ActionKind::kStepClock, ActionKind::kDrift,
                                     ActionKind::kCloseAll};
    if (std::find(kInstant.begin(), kInstant.end(), fault.kind) != kInstant.end()) fault.lasts = 0;
    story_.actions.push_back(fault);
  }

  // Of sentinels.
  void AddFollies(Micros troubled) {
    for (int64_t i = Pick<int64_t>({1, 2, 4, 8}); i > 0; --i) {
      Action fault{DrawFaultTime(troubled), ActionKind::kSentinel};
      fault.lasts = Draw(1, 2 * kSecond);
      if (test::OneIn(random_, 2)) {
        fault.kind = ActionKind::kFailover;
        fault.a = test::OneIn(random_, 3) ? 1 : 0;
        fault.b = Draw(0, 1);
        fault.c = Draw(0, 1000);
      } else {
        fault.a = Draw(0, Sentinels::kCount - 1);
        fault.b = Draw(static_cast<int64_t>(Folly::kLies), static_cast<int64_t>(Folly::kAway));
        fault.c = Draw(kPlaceA, kPlaceThatHangs);
      }
      story_.actions.push_back(fault);
    }
  }

  // Lone requests and crowds. `calm`: none that could fail where all is well, so crowds do not meet.
  void AddRequests(int64_t count, Micros from, Micros until, bool calm) {
    while (count > 0) {
      const Micros at = calm ? DrawLonely(from, until) : Draw(from, until);
      const int64_t crowd = std::min(count, test::LogUniform(random_, calm ? 40 : Pick<int64_t>({1, 8, 64, 300})));
      const int hot = test::OneIn(random_, 3) ? DrawKey() : -1;  // most of them ask for one key
      bool first = true;
      for (int64_t i = 0; i < crowd; ++i) {
        Action ask = DrawRequest(at, hot, calm);
        ask.e = !first && test::OneIn(random_, 2) ? 1 : 0;
        first = false;
        story_.actions.push_back(ask);
        if (!calm && test::OneIn(random_, 40)) {
          story_.actions.push_back({at + Draw(0, 2 * kMillisecond), ActionKind::kCancel, 0, Draw(1, 50)});
        }
      }
      count -= crowd;
    }
  }

  Micros DrawLonely(Micros from, Micros until) {
    constexpr Micros kApart = 5 * kMillisecond;
    Micros at = 0;
    do at = Draw(from / kApart + 1, until / kApart) * kApart;
    while (!lonely_.insert(at).second);
    return at;
  }

  int DrawKey() { return static_cast<int>(Draw(0, catalogue_.keys().count() - 1)); }

  Action DrawRequest(Micros at, int hot, bool calm) {
    Action ask{at, ActionKind::kAsk};
    ask.a = hot >= 0 && !test::OneIn(random_, 4) ? hot : DrawKey();
    ask.d = calm ? story_.timeout : DrawTimeout();
    if (test::OneIn(random_, 60)) {
      ask.kind = ActionKind::kForget;
    } else if (ask.a >= catalogue_.first_wide()) {
      ask.b = next_cost_ = next_cost_ % 20'000 + 1;
    } else {
      ask.b = Pick<int64_t>({0, 1, 1, 1, 1, 2, 3, 9, 50});
      ask.c = test::OneIn(random_, 8) ? Draw(1, 12) : 0;
    }
    return ask;
  }

  Micros DrawTimeout() {
    if (!test::OneIn(random_, 3)) return story_.timeout;
    return test::OneIn(random_, 4) ? Draw(1, kMillisecond) : Draw(kMillisecond, 400 * kMillisecond);
  }

  test::Random random_;
  const Catalogue& catalogue_;
  Story story_;
  int64_t next_cost_ = 0;
  std::set<Micros> lonely_;  // when such crowds ask
};

}  // namespace

Story TellStory(uint64_t seed, const Catalogue& catalogue, bool watched) { return Teller(seed, catalogue, watched).Tell(); }

std::string Describe(const Action& action) {
  std::string line = std::to_string(action.at) + " " + kNames[static_cast<size_t>(action.kind)];
  for (const int64_t value : {action.a, action.b, action.c, action.d, action.e}) line += " " + std::to_string(value);
  return action.lasts > 0 ? line + ", for " + std::to_string(action.lasts) : line;
}

}  // namespace drl::simulation
