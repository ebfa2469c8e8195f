#include "engine/log_ring.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <string>
#include <vector>

#include "base/clock.h"

namespace drl::engine {
namespace {

bool Readable(const LogRing& ring) {
  pollfd item{ring.event().get(), POLLIN, 0};
  return poll(&item, 1, 0) == 1;
}

struct Drained {
  std::vector<std::string> messages;
  int64_t dropped = 0;
};

Drained Drain(LogRing& ring, size_t most = LogRing::kLinesMax) {
  std::vector<drl_log_line> lines(most);
  Drained drained;
  lines.resize(ring.Drain(lines, drained.dropped));
  for (const drl_log_line& line : lines) drained.messages.emplace_back(line.message);
  return drained;
}

TEST(LogRing, LinesComeOutInOrderAndOnce) {
  LogRing ring{base::Log()};
  for (const char* message : {"one", "two", "three"}) ring.Write(DRL_LOG_INFO, message);
  EXPECT_EQ(Drain(ring, 2).messages, (std::vector<std::string>{"one", "two"}));
  EXPECT_EQ(Drain(ring, 2).messages, (std::vector<std::string>{"three"}));
  EXPECT_TRUE(Drain(ring).messages.empty());
}

TEST(LogRing, IsReadableExactlyWhileLinesWait) {
  LogRing ring{base::Log()};
  EXPECT_FALSE(Readable(ring));
  ring.Write(DRL_LOG_INFO, "one");
  ring.Write(DRL_LOG_INFO, "two");
  EXPECT_TRUE(Readable(ring));
  Drain(ring, 1);
  EXPECT_TRUE(Readable(ring)) << "one is left";
  Drain(ring, 1);
  EXPECT_FALSE(Readable(ring));
  ring.Write(DRL_LOG_INFO, "three");
  EXPECT_TRUE(Readable(ring));
}

TEST(LogRing, OldestLinesAreDroppedAndCountedOnce) {
  LogRing ring{base::Log()};
  constexpr size_t kWritten = 2 * LogRing::kLinesMax + 10;
  for (size_t i = 0; i < kWritten; ++i) ring.Write(DRL_LOG_INFO, std::to_string(i));
  const Drained first = Drain(ring);
  EXPECT_EQ(first.dropped, static_cast<int64_t>(kWritten - LogRing::kLinesMax));
  ASSERT_EQ(first.messages.size(), LogRing::kLinesMax);
  EXPECT_EQ(first.messages.front(), std::to_string(kWritten - LogRing::kLinesMax));
  EXPECT_EQ(first.messages.back(), std::to_string(kWritten - 1));
  ring.Write(DRL_LOG_INFO, "after");
  const Drained second = Drain(ring);
  EXPECT_EQ(second.dropped, 0);
  EXPECT_EQ(second.messages, std::vector<std::string>{"after"});
}

TEST(LogRing, LineHoldsItsTimeItsLevelAndZeroes) {
  LogRing ring{base::Log()};
  const int64_t before = base::WallMicros();
  ring.Write(DRL_LOG_WARNING, "connection lost");
  drl_log_line line{-1, -1, -1, {}};
  int64_t dropped = -1;
  ASSERT_EQ(ring.Drain({&line, 1}, dropped), 1u);
  EXPECT_GE(line.at_us, before);
  EXPECT_LE(line.at_us, base::WallMicros());
  EXPECT_EQ(line.level, DRL_LOG_WARNING);
  EXPECT_EQ(line.reserved, 0);
  EXPECT_EQ(dropped, 0);
}

TEST(LogRing, TextIsCleanedAndCutBetweenCharacters) {
  LogRing ring{base::Log()};
  ring.Write(DRL_LOG_ERROR, "a\nb\xFF" "c");
  std::string long_text(494, 'x');
  ring.Write(DRL_LOG_ERROR, long_text + "\xC3\xA9");
  const Drained drained = Drain(ring);
  EXPECT_EQ(drained.messages[0], "a?b?c");
  EXPECT_EQ(drained.messages[1], long_text) << "half a character is none";
}

TEST(LogRing, CallbackGetsTheSameLines) {
  std::vector<std::string> heard;
  LogRing ring{base::Log(
      [](int32_t level, const char* message, void* user) {
        static_cast<std::vector<std::string>*>(user)->push_back(std::to_string(level) + message);
      },
      &heard)};
  ring.Write(DRL_LOG_ERROR, "lo\nst");
  EXPECT_EQ(heard, std::vector<std::string>{"1lo?st"});
  EXPECT_EQ(Drain(ring).messages, std::vector<std::string>{"lo?st"});
}

}  // namespace
}  // namespace drl::engine
