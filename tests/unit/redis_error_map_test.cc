// Error texts as servers sent them (redis_error_texts.txt): Redis 6.0 wraps what a script raised, 7.0 and later put the code first.
#include "redis/error_map.h"
#include "redis/permission.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>
#include <vector>

namespace drl::redis {
namespace {

struct Text {
  std::string status;
  std::string kind;
  std::string servers;
  std::string text;
};

std::vector<Text> ReadTexts() {
  std::ifstream file(DRL_SOURCE_DIR "/tests/unit/redis_error_texts.txt");
  std::vector<Text> texts;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with('#')) continue;
    std::istringstream stream(line);
    Text text;
    stream >> text.status >> text.kind >> text.servers >> std::ws;
    std::getline(stream, text.text);
    texts.push_back(text);
  }
  return texts;
}

const char* KindName(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kNoScript:
      return "NoScript";
    case ErrorKind::kRefused:
      return "Refused";
    case ErrorKind::kUnhealthy:
      return "Unhealthy";
    case ErrorKind::kUnknown:
      return "Unknown";
  }
  return "";
}

void ExpectMapped(std::string_view text, drl_status code, ErrorKind kind) {
  const MappedError mapped = MapError(text);
  EXPECT_STREQ(drl_status_name(mapped.code), drl_status_name(code)) << text;
  EXPECT_STREQ(KindName(mapped.kind), KindName(kind)) << text;
}

TEST(ErrorText, OfEveryServerHasItsStatusAndKind) {
  const std::vector<Text> texts = ReadTexts();
  ASSERT_GE(texts.size(), 60u) << "redis_error_texts.txt is not there";
  for (const Text& text : texts) {
    const MappedError mapped = MapError(text.text);
    EXPECT_EQ(drl_status_name(mapped.code), text.status) << text.servers << ": " << text.text;
    EXPECT_EQ(KindName(mapped.kind), text.kind) << text.servers << ": " << text.text;
  }
}

TEST(ErrorText, WithoutACodeIsAnErrorThatMayHaveHappenedAnywhere) {
  for (const char* text : {"", " ", "ERR", "ERR ", "-", "@", "@:", "@user_script", "@user_script:", "@user_script:1", "@user_script:1: ",
                           "ERR Error running script (call to f_", "ERR Error running script (call to f_0", "ERR no such thing"}) {
    ExpectMapped(text, DRL_ERR_REDIS, ErrorKind::kUnknown);
  }
}

// A namespace may be called OOM, a user READONLY: what stands behind the head is not a code.
TEST(ErrorText, CountsByItsHeadAlone) {
  for (const char* word : {"NOSCRIPT", "NOAUTH", "WRONGPASS", "NOPERM", "LOADING", "READONLY", "MASTERDOWN", "OOM", "BUSY", "MISCONF",
                           "CLUSTERDOWN", "MOVED", "ASK", "CROSSSLOT", "AUTH"}) {
    const std::string key = "drl:" + std::string(word) + ":{x}";
    ExpectMapped("ERR something about " + key, DRL_ERR_REDIS, ErrorKind::kUnknown);
    ExpectMapped("ERR " + std::string(word) + "X of " + key, DRL_ERR_REDIS, ErrorKind::kUnknown);
    ExpectMapped("NOPERM User " + std::string(word) + " has no permissions to access the '" + key + "' key", DRL_ERR_PERMISSION,
                 ErrorKind::kRefused);
    ExpectMapped("ERR Error running script (call to f_0a): @user_script:1: user_script:1: " + key, DRL_ERR_REDIS,
                 ErrorKind::kUnknown);
    ExpectMapped("ERR user_script:1: " + std::string(word) + " " + key + " script: 0a, on @user_script:1.", DRL_ERR_REDIS,
                 ErrorKind::kUnknown);
  }
}

TEST(ErrorText, CountsByItsWholeWord) {
  ExpectMapped("BUSYKEY Target key name already exists.", DRL_ERR_REDIS, ErrorKind::kUnknown);
  ExpectMapped("BUSYGROUP Consumer Group name already exists", DRL_ERR_REDIS, ErrorKind::kUnknown);
  ExpectMapped("OOMS", DRL_ERR_REDIS, ErrorKind::kUnknown);
  ExpectMapped("OOM", DRL_ERR_OOM, ErrorKind::kRefused);
}

// Nothing ran where the command itself was refused; inside the script others may have run before.
TEST(ErrorText, OfAMissingPermissionTellsTheCommandFromTheInsideOfTheScript) {
  ExpectMapped("NOPERM No permissions to access a key", DRL_ERR_PERMISSION, ErrorKind::kRefused);
  ExpectMapped("NOPERM No permissions to access a key script: 5ba8f2, on @user_script:57.", DRL_ERR_PERMISSION, ErrorKind::kUnknown);
  ExpectMapped("ERR Error running script (call to f_5ba8f2): @user_script:57: @user_script: 57: -NOPERM no", DRL_ERR_PERMISSION,
               ErrorKind::kUnknown);
}

TEST(ErrorText, OfTheScriptItselfIsReadBehindTheCommandAndWasChargedNowhere) {
  ExpectMapped("DRL CLOCK the clock of Redis is before 2025 or after 2167", DRL_ERR_CLOCK, ErrorKind::kRefused);
  ExpectMapped("DRL MGET ERR The user executing the script can't run this command or subcommand", DRL_ERR_PERMISSION,
               ErrorKind::kRefused);
  ExpectMapped("DRL SET @user_script: 12: -OOM command not allowed", DRL_ERR_OOM, ErrorKind::kRefused);
  ExpectMapped("DRL SET READONLY You can't write against a read only replica.", DRL_ERR_READONLY, ErrorKind::kUnhealthy);
  ExpectMapped("DRL SET ERR whatever", DRL_ERR_REDIS, ErrorKind::kRefused);
  ExpectMapped("DRL", DRL_ERR_REDIS, ErrorKind::kUnknown);
}

// Of every permission text that was captured.
TEST(ErrorText, OfAMissingPermissionIsExplainedWithoutAKey) {
  for (const Text& text : ReadTexts()) {
    if (text.status != "DRL_ERR_PERMISSION") continue;
    const Refusal refusal = ExplainRefusal(text.text, "EVALSHA");
    EXPECT_THAT(refusal.sentence, testing::Not(testing::HasSubstr("drl:"))) << text.text;
    EXPECT_EQ(refusal.key, text.text.find("key") != std::string::npos) << text.text;
  }
}

}  // namespace
}  // namespace drl::redis
