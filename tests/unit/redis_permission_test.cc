#include "redis/permission.h"

#include <gtest/gtest.h>

namespace drl::redis {
namespace {

constexpr const char* kRefuses = "Redis refuses EVALSHA to this user (NOPERM): ";

std::string Sentence(std::string_view text) { return ExplainRefusal(text, "EVALSHA").sentence; }

TEST(Permission, MissingCommandIsNamed) {
  const std::string expected = std::string(kRefuses) + "it may not run evalsha";
  // 6.x and 7.0, then later.
  EXPECT_EQ(Sentence("NOPERM this user has no permissions to run the 'evalsha' command or its subcommand"), expected);
  EXPECT_EQ(Sentence("NOPERM this user has no permissions to run the 'evalsha' command"), expected);
  EXPECT_EQ(Sentence("NOPERM User alice has no permissions to run the 'evalsha' command"), expected);
  EXPECT_EQ(ExplainRefusal("NOPERM this user has no permissions to run the 'script|load' command", "SCRIPT LOAD").sentence,
            "Redis refuses SCRIPT LOAD to this user (NOPERM): it may not run script|load");
}

TEST(Permission, MissingKeyIsToldApartAndNotQuoted) {
  for (const char* text : {
           "NOPERM this user has no permissions to access one of the keys used as arguments",
           "NOPERM No permissions to access a key",
           "NOPERM User alice has no permissions to access the 'drl:default:{secret}' key",
       }) {
    const Refusal refusal = ExplainRefusal(text, "EVALSHA");
    EXPECT_TRUE(refusal.key) << text;
    EXPECT_EQ(refusal.sentence, std::string(kRefuses) + "it may not access a key");
  }
  EXPECT_FALSE(ExplainRefusal("NOPERM this user has no permissions to run the 'evalsha' command", "EVALSHA").key);
}

TEST(Permission, RefusalInsideTheScriptSaysSo) {
  EXPECT_EQ(Sentence("ERR The user executing the script can't run this command or subcommand script: 1c73, on @user_script:1."),
            std::string(kRefuses) + "it may not run a command of the script");
  EXPECT_EQ(Sentence("ERR ACL failure in script: User alice has no permissions to run the 'get' command script: 1c73"),
            std::string(kRefuses) + "it may not run get, as the script does");
  EXPECT_EQ(Sentence("ERR The user executing the script can't access at least one of the keys mentioned in the command"),
            std::string(kRefuses) + "it may not access a key, as the script does");
}

TEST(ErrorSentence, NamesTheCommandOfTheScript) {
  EXPECT_EQ(ErrorSentence("DRL SET READONLY You can't write against a read only replica.", "EVALSHA"),
            "the script's SET: READONLY You can't write against a read only replica.");
  EXPECT_EQ(ErrorSentence("DRL CLOCK the clock of Redis is before 2025 or after 2167", "EVALSHA"),
            "the clock of Redis is before 2025 or after 2167");
  EXPECT_EQ(ErrorSentence("LOADING Redis is loading", "EVALSHA"), "LOADING Redis is loading");
}

TEST(Permission, WhatDoesNotLookLikeACommandIsNotRepeated) {
  for (const char* text : {
           "NOPERM no permissions to run the 'drl:default:{secret}' command",
           "NOPERM no permissions to run the 'hunter2 hunter2' command",
           "NOPERM no permissions to run the 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' command",
           "NOPERM something new about 'secret'",
       }) {
    EXPECT_EQ(Sentence(text), std::string(kRefuses) + "it lacks a permission");
  }
}

}  // namespace
}  // namespace drl::redis
