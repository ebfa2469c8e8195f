// Whose the slot of a ticket is, walked over all interleavings of who ends the request and who cancels it.
#include "engine/ticket.h"

#include <gtest/gtest.h>

#include "stepping.h"

namespace drl::engine {
namespace {

using test::Interleavings;
using Word = test::Stepping<uint32_t>;

// A canceller that does not say that it looks.
class HoldingNothing : public HoldBy<Word> {
 public:
  bool Hold() { return true; }
  bool LetGo() { return true; }
};

template <typename Hold>
struct World {
  Hold hold;
  Word ended{0};     // the fate of the request in the slot
  int answers = 0;   // put into the ticket
  int releases = 0;  // of the slot, by the owner's side
  bool looked_at_a_free_slot = false;
};

template <typename Hold>
void Produce(World<Hold>& world) {
  if (world.ended.exchange(1, std::memory_order_seq_cst) != 0) return;
  ++world.answers;
  if (world.hold.End()) ++world.releases;
}

template <typename Hold>
void Cancel(World<Hold>& world) {
  if (!world.hold.Hold()) return;
  const bool first = world.ended.exchange(1, std::memory_order_seq_cst) == 0;
  world.looked_at_a_free_slot = world.releases > 0;
  if (first) {
    ++world.answers;
    world.hold.EndHeld();
    ++world.releases;
  } else if (!world.hold.LetGo()) {
    ++world.releases;
  }
}

// Walks a producer and a canceller, and another canceller after that. The number of interleavings in which something is wrong.
template <typename Hold>
int64_t CountWrong(int64_t& walked) {
  int64_t wrong = 0;
  std::shared_ptr<World<Hold>> last;
  const auto judge = [&] {
    if (last != nullptr) wrong += last->answers != 1 || last->releases != 1 || last->looked_at_a_free_slot ? 1 : 0;
  };
  Interleavings interleavings;
  walked = interleavings.Walk([&](Interleavings& running) {
    judge();
    const auto world = std::make_shared<World<Hold>>();
    last = world;
    return std::vector<Interleavings::Party>{
        test::PartyOf(running, [world] { Produce(*world); }), test::PartyOf(running, [world] {
          Cancel(*world);
          Cancel(*world);
        })};
  });
  judge();
  return wrong;
}

TEST(Ticket, SlotIsLetGoOfOnceAndNotLookedAtAfterwards) {
  int64_t walked = 0;
  EXPECT_EQ(CountWrong<HoldBy<Word>>(walked), 0);
  EXPECT_GT(walked, 20);
}

TEST(Ticket, WalkFindsACancellerThatDoesNotHold) {
  int64_t walked = 0;
  EXPECT_GT(CountWrong<HoldingNothing>(walked), 0);
}

}  // namespace
}  // namespace drl::engine
