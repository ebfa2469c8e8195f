// The checks of the simulation, on a client that keeps every promise, and on the same client once it breaks one.
#include "checks.h"

#include <gtest/gtest.h>

#include "episode.h"
#include "plain_client.h"

namespace drl::simulation {
namespace {

constexpr uint64_t kEpisodes = 200;

template <Lie kLie>
std::unique_ptr<Subject> Make(const Setting& setting) {
  return std::make_unique<PlainClient>(setting, kLie);
}

// The first thing that goes wrong in so many episodes.
std::string FirstWrong(MakeSubject make) {
  const Catalogue catalogue;
  int64_t asked = 0;
  int64_t decided = 0;
  for (uint64_t seed = 1; seed <= kEpisodes; ++seed) {
    const Outcome outcome = Play(TellStory(seed, catalogue), catalogue, make);
    if (!outcome.wrong.empty()) return "seed " + std::to_string(seed) + ": " + outcome.wrong;
    asked += outcome.asked;
    decided += outcome.decided;
  }
  EXPECT_GT(decided, asked / 2);
  return {};
}

template <Lie kLie>
void ExpectCaught(const std::string& as) {
  const std::string wrong = FirstWrong(Make<kLie>);
  EXPECT_NE(wrong.find(as), std::string::npos) << wrong;
}

TEST(SimulationChecks, FindNothingInAClientThatKeepsItsPromises) { EXPECT_EQ(FirstWrong(Make<Lie::kNone>), ""); }
TEST(SimulationChecks, CatchAChargeThatIsDenied) { ExpectCaught<Lie::kNotCharged>("nobody was told that it may have"); }
TEST(SimulationChecks, CatchARequestThatIsSentAgain) { ExpectCaught<Lie::kSentAgain>("nobody was told that it may have"); }
TEST(SimulationChecks, CatchSwappedAnswers) { ExpectCaught<Lie::kSwapped>("told what no server decided"); }
TEST(SimulationChecks, CatchTurnedOrder) { ExpectCaught<Lie::kTurned>("decided before what was asked earlier"); }
TEST(SimulationChecks, CatchALateEnd) { ExpectCaught<Lie::kLateEnd>("ended after its deadline"); }
TEST(SimulationChecks, CatchARequestThatNeverEnds) { ExpectCaught<Lie::kNoEnd>("ended 0 times"); }
TEST(SimulationChecks, CatchARequestThatEndsTwice) { ExpectCaught<Lie::kTwoEnds>("ended 2 times"); }
TEST(SimulationChecks, CatchALateCharge) { ExpectCaught<Lie::kLateCharge>("nobody was told that it may have"); }
// Told what no server decided, or that nothing ran when it did.
TEST(SimulationChecks, CatchAnotherCommandsAnswer) { ExpectCaught<Lie::kAnyTag>("told"); }
TEST(SimulationChecks, CatchAClientThatDoesNotHeal) { ExpectCaught<Lie::kUndecided>("not decided though"); }

TEST(SimulationChecks, AnEpisodeIsTheSameEachTimeItIsPlayed) {
  const Catalogue catalogue;
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    const Story story = TellStory(seed, catalogue);
    const Outcome first = Play(story, catalogue, Make<Lie::kNone>);
    const Outcome second = Play(story, catalogue, Make<Lie::kNone>);
    EXPECT_EQ(first.decided, second.decided);
    EXPECT_EQ(first.commands, second.commands);
  }
}

TEST(SimulationChecks, AFailureIsShortened) {
  const Catalogue catalogue;
  Story story = TellStory(1, catalogue);
  for (uint64_t seed = 2; Play(story, catalogue, Make<Lie::kSwapped>).wrong.empty(); ++seed) story = TellStory(seed, catalogue);
  const Story shorter = Shorten(story, catalogue, Make<Lie::kSwapped>, 2'000);
  EXPECT_LE(shorter.actions.size(), 4U);
  EXPECT_NE(Play(shorter, catalogue, Make<Lie::kSwapped>).wrong, "");
}

}  // namespace
}  // namespace drl::simulation
