#include "engine/spin.h"

#include <gtest/gtest.h>

namespace drl::engine {
namespace {

// Calls that take `on_us` with spinning and `off_us` without; how many of them were made with it.
int64_t CallMany(SpinTrial& trial, int64_t calls, base::Micros on_us, base::Micros off_us) {
  int64_t spun = 0;
  for (int64_t i = 0; i < calls; ++i) {
    spun += trial.on() ? 1 : 0;
    trial.Observe(trial.on() ? on_us : off_us);
  }
  return spun;
}

constexpr int64_t kLong = 100'000;

TEST(SpinTrial, KeepsToSpinningWhereItIsFaster) {
  SpinTrial trial(true, true);
  EXPECT_GT(CallMany(trial, kLong, 20, 60), kLong * 98 / 100);
}

TEST(SpinTrial, FindsSpinningThoughItBeganWithout) {
  SpinTrial trial(true, false);
  EXPECT_GT(CallMany(trial, kLong, 20, 60), kLong * 98 / 100);
}

TEST(SpinTrial, GivesUpSpinningWhereItIsSlower) {
  SpinTrial trial(true, true);
  EXPECT_LT(CallMany(trial, kLong, 2'000, 60), kLong * 2 / 100);
}

TEST(SpinTrial, EndsALostTrialBeforeItCostsMuch) {
  SpinTrial trial(true, false);
  // A window without spinning takes 128 x 60 us: four calls of 2,000 us are more than that.
  const int64_t spun = CallMany(trial, kLong, 2'000, 60);
  EXPECT_GT(spun, 0);
  EXPECT_LT(spun, 100);
}

TEST(SpinTrial, NoticesSoonThatTheMachineHasBecomeBusy) {
  SpinTrial trial(true, true);
  CallMany(trial, kLong, 20, 60);
  EXPECT_LT(CallMany(trial, kLong, 1'000, 60), kLong / 100);
}

TEST(SpinTrial, NoticesInTimeThatTheMachineHasBecomeIdle) {
  SpinTrial trial(true, true);
  CallMany(trial, kLong, 1'000, 60);
  CallMany(trial, 2 * kLong, 20, 60);
  EXPECT_TRUE(trial.on());
}

TEST(SpinTrial, SwitchedOffStaysOff) {
  SpinTrial trial(false, true);
  EXPECT_EQ(CallMany(trial, kLong, 20, 60), 0);
}

}  // namespace
}  // namespace drl::engine
