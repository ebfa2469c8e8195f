// The example of lua/README.md, run in Redis line by line.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "redis/script.h"
#include "script_server.h"

namespace drl::test {
namespace {

std::vector<std::string> ReadExample() {
  std::ifstream file(DRL_SOURCE_DIR "/lua/README.md");
  std::vector<std::string> lines;
  bool inside = false;
  for (std::string line; std::getline(file, line);) {
    if (line == "```example") {
      inside = true;
    } else if (line == "```") {
      inside = false;
    } else if (inside && !line.empty() && line[0] != '#') {
      lines.push_back(line);
    }
  }
  return lines;
}

void Send(ScriptServer& redis, const std::string& command) {
  std::istringstream stream(command);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word == "drl.lua" ? std::string(redis::kScriptSha1) : word);
  redis.out().Array(words.size());
  for (const std::string& word : words) redis.out().Bulk(word);
  redis.Flush();
}

std::string Text(const redis::Reply& reply) {
  if (reply.integers.empty()) return reply.text;
  std::string text;
  for (const int64_t integer : reply.integers) text += (text.empty() ? "" : " ") + std::to_string(integer);
  return text;
}

TEST(Readme, ExampleIsWhatRedisAnswers) {
  ScriptServer redis;
  int replies = 0;
  for (const std::string& line : ReadExample()) {
    if (line.starts_with("clock ")) {
      redis.SetNow(std::stoll(line.substr(6)));
    } else if (line.starts_with("> ")) {
      Send(redis, line.substr(2));
    } else {
      ASSERT_TRUE(line.starts_with("< ")) << line;
      EXPECT_EQ(Text(redis.Next()), line.substr(2));
      ++replies;
    }
  }
  EXPECT_GE(replies, 14) << "the example is not there";
}

}  // namespace
}  // namespace drl::test
