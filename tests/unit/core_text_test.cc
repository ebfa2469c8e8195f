#include "core/text.h"

#include <gtest/gtest.h>

#include <string>

namespace drl::core {
namespace {

TEST(Label, IsOneToSixtyFourCharacters) {
  EXPECT_FALSE(IsLabel(""));
  EXPECT_TRUE(IsLabel("a"));
  EXPECT_TRUE(IsLabel(std::string(64, 'a')));
  EXPECT_FALSE(IsLabel(std::string(65, 'a')));
}

TEST(Label, IsEveryPrintableAsciiCharacterButSpaceAndBraces) {
  for (int c = 0; c < 256; ++c) {
    const std::string text = "a" + std::string(1, static_cast<char>(c));
    EXPECT_EQ(IsLabel(text), c > ' ' && c <= '~' && c != '{' && c != '}') << c;
  }
}

}  // namespace
}  // namespace drl::core
