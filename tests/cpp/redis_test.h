// A private Redis for a suite, emptied before each test, whose clock stands still until a test moves it.
#pragma once

#include <drl/drl.hpp>
#include <gtest/gtest.h>
#include <redis_inspect.h>
#include <redis_server.h>

#include <chrono>
#include <string>

namespace drl::test {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

// Where nobody listens.
inline constexpr const char* kNowhere = "redis://127.0.0.1:1/0";

class RedisTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    redis_server_options options{};
    options.clock_shim = 1;
    server_ = redis_server_start(&options);
    ASSERT_NE(server_, nullptr);
  }
  static void TearDownTestSuite() {
    redis_server_stop(server_);
    server_ = nullptr;
  }
  void SetUp() override { freeReplyObject(redis_server_command(server_, "FLUSHALL")); }

  static ClientOptions Options() {
    ClientOptions options;
    options.redis_url = redis_server_url(server_);
    options.timeout = seconds(5);
    return options;
  }

  static redis_server* server_;
};

inline redis_server* RedisTest::server_ = nullptr;

// The status with which `call` throws; DRL_OK if it does not.
template <typename Call>
drl_status Thrown(Call call) {
  try {
    call();
  } catch (const Error& error) {
    return error.status();
  }
  return DRL_OK;
}

}  // namespace drl::test
