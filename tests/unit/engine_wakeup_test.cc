// The protocol of wakeup.h, walked over its interleavings.
#include "engine/wakeup.h"

#include <gtest/gtest.h>

#include "stepping.h"

namespace drl::engine {
namespace {

using test::Interleavings;
using SteppingFlag = test::Stepping<bool>;
using SteppingWakeup = WakeupBy<SteppingFlag, test::SteppingBell>;

// The order that lost wake-ups: the sleeper looks at submissions alone, though a breaker that a caller opened is told too.
class LookingAtSubmissionsAlone : public SteppingWakeup {
 public:
  [[nodiscard]] bool Announce() {
    (void)SteppingWakeup::Announce();
    return true;
  }
};

// And the one that looks before it announces itself.
class LookingTooEarly : public SteppingWakeup {
 public:
  [[nodiscard]] bool Announce() {
    const bool news = has_news();
    (void)SteppingWakeup::Announce();
    return !news;
  }
};

template <typename Protocol>
struct World {
  Protocol wakeup;
  std::vector<std::unique_ptr<SteppingFlag>> matters;  // one of each caller
};

// As Loop::Turn and Rest do it, until the matters of all have been looked at.
template <typename Protocol>
void RunLoop(World<Protocol>& world) {
  while (true) {
    world.wakeup.Take();
    bool seen = true;
    for (const auto& matter : world.matters) seen = matter->load(std::memory_order_seq_cst) && seen;
    if (seen) return;
    const bool sleeps = world.wakeup.Announce();
    if (sleeps) test::walk->WaitUntil([&world] { return world.wakeup.bell().rung(); });
    world.wakeup.Awake();
    if (sleeps) world.wakeup.Silence();
  }
}

template <typename Protocol>
Interleavings::Program ProgramOf(size_t callers) {
  return [callers](Interleavings& interleavings) {
    const auto world = std::make_shared<World<Protocol>>();
    std::vector<Interleavings::Party> parties = {test::PartyOf(interleavings, [world] { RunLoop(*world); })};
    for (size_t i = 0; i < callers; ++i) {
      world->matters.push_back(std::make_unique<SteppingFlag>(false));
      parties.push_back(test::PartyOf(interleavings, [world, i] {
        world->matters[i]->store(true, std::memory_order_seq_cst);
        world->wakeup.Tell();
      }));
    }
    return parties;
  };
}

TEST(Wakeup, LosesNoNewsOfOneCallerInAnyInterleaving) {
  Interleavings interleavings;
  const int64_t walked = interleavings.Walk(ProgramOf<SteppingWakeup>(1));
  EXPECT_FALSE(interleavings.deadlock()) << interleavings.trace();
  EXPECT_GT(walked, 200);
}

TEST(Wakeup, LosesNoNewsOfTwoCallersThatInterruptEachOtherTwice) {
  Interleavings interleavings(2);
  const int64_t walked = interleavings.Walk(ProgramOf<SteppingWakeup>(2));
  EXPECT_FALSE(interleavings.deadlock()) << interleavings.trace();
  EXPECT_GT(walked, 200);
}

TEST(Wakeup, WalkFindsTheNewsThatASleeperDoesNotLookFor) {
  Interleavings interleavings;
  interleavings.Walk(ProgramOf<LookingAtSubmissionsAlone>(1));
  EXPECT_TRUE(interleavings.deadlock());
}

TEST(Wakeup, WalkFindsTheNewsBetweenALookAndTheAnnouncement) {
  Interleavings interleavings;
  interleavings.Walk(ProgramOf<LookingTooEarly>(1));
  EXPECT_TRUE(interleavings.deadlock());
}

TEST(Wakeup, RingsOnceForASleeper) {
  Wakeup wakeup;
  EXPECT_TRUE(wakeup.Announce());
  wakeup.Tell();
  wakeup.Tell();
  wakeup.Silence();
  uint64_t count = 0;
  EXPECT_LT(read(wakeup.bell().get(), &count, sizeof count), 0) << "silenced at once";
  EXPECT_FALSE(wakeup.Announce()) << "the news were not taken yet";
  wakeup.Take();
  EXPECT_TRUE(wakeup.Announce());
}

}  // namespace
}  // namespace drl::engine
