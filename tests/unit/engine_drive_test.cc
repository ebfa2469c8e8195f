// Callers that run the loop themselves: the protocols of wakeup.h and baton.h together, walked over their interleavings.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <vector>

#include "engine/baton.h"
#include "engine/wakeup.h"
#include "stepping.h"

namespace drl::engine {
namespace {

using test::Interleavings;
using test::Stepping;

// What a caller does when it has run the loop.
enum class Leaves { kInOrder, kNewsUnseen, kNewsUntold };

struct World {
  WakeupBy<Stepping<bool>, test::SteppingBell> wakeup;
  BatonBy<Stepping<uint32_t>> baton;
  std::array<Stepping<bool>, 2> submitted{false, false};  // of each caller: handed to the I/O thread
  std::array<bool, 2> served{};
  int running = 0;  // who run the loop

  [[nodiscard]] bool all_served() const { return std::all_of(served.begin(), served.end(), [](bool one) { return one; }); }
  void BeginsToRun() { EXPECT_EQ(++running, 1) << "two run the loop at once"; }
};

// As Loop::Run and Rest do it.
void RunLoop(World& world) {
  world.BeginsToRun();
  while (true) {
    world.wakeup.Take();
    for (size_t i = 0; i < world.served.size(); ++i) {
      world.served[i] = world.submitted[i].load(std::memory_order_seq_cst) || world.served[i];
    }
    if (world.all_served()) return;
    --world.running;
    world.baton.PutDown();
    const bool sleeps = world.wakeup.Announce();
    if (sleeps) test::walk->WaitUntil([&world] { return world.wakeup.bell().rung() || world.all_served(); });
    world.baton.PickUp();
    world.BeginsToRun();
    world.wakeup.Awake();
    if (sleeps) world.wakeup.Silence();
  }
}

// As Engine::Drive and Loop::Drive do it. False when it is to be submitted instead.
bool Drive(World& world, size_t caller, Leaves leaves) {
  if (world.wakeup.has_news() || !world.baton.lies() || !world.baton.Take()) return false;
  world.BeginsToRun();
  world.wakeup.Awake();
  if (!world.wakeup.has_news() && !world.baton.awaited()) {
    (void)world.wakeup.Announce();  // sleeps on the bell and for the reply, which comes
    world.wakeup.Awake();
  }
  world.served[caller] = true;
  const bool news = !world.wakeup.Announce() && leaves != Leaves::kNewsUnseen;
  --world.running;
  const bool awaited = world.baton.Return(news);
  if (news && !awaited && leaves != Leaves::kNewsUntold) world.wakeup.Tell();
  return true;
}

Interleavings::Program ProgramOf(Leaves leaves) {
  return [leaves](Interleavings& interleavings) {
    const auto world = std::make_shared<World>();
    std::vector<Interleavings::Party> parties = {test::PartyOf(interleavings, [world] { RunLoop(*world); })};
    for (size_t i = 0; i < world->served.size(); ++i) {
      parties.push_back(test::PartyOf(interleavings, [world, i, leaves] {
        if (Drive(*world, i, leaves)) return;
        world->submitted[i].store(true, std::memory_order_seq_cst);
        world->wakeup.Tell();
      }));
    }
    return parties;
  };
}

// To this depth: how often one of the three may lose its turn though it could go on.
constexpr int kPreemptionsMax = 2;

TEST(Drive, LosesNothingOfTwoCallersOfWhomEitherMayRunTheLoop) {
  Interleavings interleavings(kPreemptionsMax);
  const int64_t walked = interleavings.Walk(ProgramOf(Leaves::kInOrder));
  EXPECT_FALSE(interleavings.deadlock()) << interleavings.trace();
  EXPECT_GT(walked, 500);
}

TEST(Drive, WalkFindsACallerThatDoesNotLookForNewsWhenItEnds) {
  Interleavings interleavings(kPreemptionsMax);
  interleavings.Walk(ProgramOf(Leaves::kNewsUnseen));
  EXPECT_TRUE(interleavings.deadlock());
}

TEST(Drive, WalkFindsACallerThatDoesNotTellTheNewsThatItHasSeen) {
  Interleavings interleavings(kPreemptionsMax);
  interleavings.Walk(ProgramOf(Leaves::kNewsUntold));
  EXPECT_TRUE(interleavings.deadlock());
}

}  // namespace
}  // namespace drl::engine
