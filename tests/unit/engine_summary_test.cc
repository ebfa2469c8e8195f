#include <gtest/gtest.h>

#include "engine/client.h"

namespace drl::engine {
namespace {

TEST(Summary, OfDecidedRequestsIsOk) {
  Summary summary;
  EXPECT_EQ(summary.status(), DRL_OK);
  EXPECT_TRUE(summary.cause().ok());
}

TEST(Summary, FirstFailureCountsInWhateverOrderTheyCome) {
  for (const bool backwards : {false, true}) {
    Summary summary;
    const size_t order[] = {4, 2, 7};
    for (size_t i = 0; i < 3; ++i) {
      const size_t index = order[backwards ? 2 - i : i];
      const drl_status status = index == 2 ? DRL_ERR_OOM : DRL_ERR_TIMEOUT;
      summary.Add(index, status, {status, index == 2 ? "the first" : "another"});
    }
    EXPECT_EQ(summary.status(), DRL_ERR_OOM);
    EXPECT_EQ(summary.cause().sentence.view(), "the first");
  }
}

TEST(Summary, FailureCountsBeforeADegradedDecision) {
  Summary summary;
  summary.Add(1, DRL_ERR_OOM, {DRL_ERR_OOM, "failed"});
  summary.Add(0, DRL_OK, {DRL_ERR_TIMEOUT, "degraded"});
  EXPECT_EQ(summary.status(), DRL_ERR_OOM);
  EXPECT_EQ(summary.cause().sentence.view(), "failed");
}

TEST(Summary, DegradedDecisionIsOkAndSaysWhy) {
  Summary summary;
  summary.Add(5, DRL_OK, {DRL_ERR_SHED, "later"});
  summary.Add(3, DRL_OK, {DRL_ERR_TIMEOUT, "sooner"});
  EXPECT_EQ(summary.status(), DRL_OK);
  EXPECT_EQ(summary.cause().code, DRL_ERR_TIMEOUT);
}

}  // namespace
}  // namespace drl::engine
