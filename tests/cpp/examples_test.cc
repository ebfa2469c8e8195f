// The examples as a user runs them; the HTTP server with a real HTTP client.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>
#include <redis_inspect.h>
#include <redis_server.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

extern char** environ;

namespace {

using ::testing::HasSubstr;

std::string PathOf(const std::string& example) { return std::string(DRL_EXAMPLES_DIR) + "/" + example; }

// What an example prints; it must end with this status.
std::string OutputOf(const std::string& example, const std::string& arguments, int ends_with = 0) {
  FILE* pipe = popen((PathOf(example) + " " + arguments).c_str(), "r");
  std::string output;
  char buffer[4096];
  while (const size_t count = fread(buffer, 1, sizeof buffer, pipe)) output.append(buffer, count);
  EXPECT_EQ(WEXITSTATUS(pclose(pipe)), ends_with);
  return output;
}

// The server example on a free port.
class Server {
 public:
  explicit Server(const std::string& redis_url) {
    int ends[2];
    EXPECT_EQ(pipe(ends), 0);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_addclose(&actions, ends[0]);
    std::string path = PathOf("http_server");
    std::string url = redis_url;
    std::string any_port = "0";
    char* arguments[] = {path.data(), url.data(), any_port.data(), nullptr};
    EXPECT_EQ(posix_spawn(&pid_, path.c_str(), &actions, nullptr, arguments, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    FILE* output = fdopen(ends[0], "r");
    EXPECT_EQ(fscanf(output, "listening on http://127.0.0.1:%d", &port_), 1);
    fclose(output);
  }
  ~Server() {
    kill(pid_, SIGTERM);
    waitpid(pid_, nullptr, 0);
  }

  httplib::Result Get(const httplib::Headers& headers = {}) const {
    httplib::Client client("127.0.0.1", port_);
    return client.Get("/hello", headers);
  }

 private:
  pid_t pid_ = 0;
  int port_ = 0;
};

class ExamplesTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_NE(redis_.get(), nullptr); }

  std::string url() const { return redis_server_url(redis_.get()); }

  std::unique_ptr<redis_server, void (*)(redis_server*)> redis_{redis_server_start(nullptr), redis_server_stop};
};

TEST_F(ExamplesTest, BasicServesFiveAndRefusesTheRest) {
  const std::string output = OutputOf("basic", url());
  EXPECT_THAT(output, HasSubstr("request 5: allowed, 0 left\nrequest 6: denied, try again in 1"));
  EXPECT_THAT(output, HasSubstr("request 7: denied"));
}

TEST_F(ExamplesTest, BasicSaysThatRedisDidNotDecide) {
  EXPECT_THAT(OutputOf("basic", "unix:///nowhere/redis.sock"),
              HasSubstr("request 7: Redis did not decide (cannot connect to Redis); served all the same\n"));
}

TEST_F(ExamplesTest, BurstAndCostShowsEveryOutcome) {
  const std::string output = OutputOf("burst_and_cost", url());
  EXPECT_THAT(output, HasSubstr("small upload, cost 1: allowed, 49 of 50 left\n"));
  EXPECT_THAT(output, HasSubstr("another large one: refused"));
  EXPECT_THAT(output, HasSubstr("and never will be"));
  EXPECT_THAT(output, HasSubstr("cost -1: cost is out of range\n"));
}

TEST_F(ExamplesTest, CredentialsReadsThePasswordFromAFile) {
  char file[] = "/tmp/drl-password-XXXXXX";
  const int fd = mkstemp(file);
  ASSERT_EQ(write(fd, "any password\n", 13), 13);
  EXPECT_EQ(OutputOf("credentials", url() + " default " + file), "allowed\n");
  close(fd);
  unlink(file);
  const std::string wrong = url() + " default /nowhere/password 2>&1";
  EXPECT_EQ(OutputOf("credentials", wrong, 1), "no credentials: cannot read /nowhere/password (DRL_ERR_AUTH)\n");
}

TEST_F(ExamplesTest, ServerAnswers429AfterTheBurstWithHeadersAndProblem) {
  const Server server(url());
  for (int i = 4; i >= 0; --i) {
    const httplib::Result answer = server.Get();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 200);
    EXPECT_EQ(answer->body, "hello\n");
    EXPECT_THAT(answer->get_header_value("RateLimit"), HasSubstr(";r=" + std::to_string(i) + ";"));
  }
  const httplib::Result refused = server.Get();
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status, 429);
  EXPECT_EQ(refused->get_header_value("Content-Type"), "application/problem+json");
  EXPECT_EQ(refused->get_header_value("Cache-Control"), "no-store");
  EXPECT_GE(std::stoi(refused->get_header_value("Retry-After")), 1);
  EXPECT_THAT(refused->body, HasSubstr("\"instance\":\"/hello\""));
}

TEST_F(ExamplesTest, ServerTellsClientsBehindAProxyApartAndIsNotFooled) {
  const Server server(url());
  for (int i = 0; i < 5; ++i) {
    // The left part is what a client forges; the right one is what the proxy saw.
    const std::string line = "192.0.2." + std::to_string(i) + ", 198.51.100.1";
    EXPECT_EQ(server.Get({{"X-Forwarded-For", line}})->status, 200);
  }
  EXPECT_EQ(server.Get({{"X-Forwarded-For", "192.0.2.9, 198.51.100.1"}})->status, 429);
  EXPECT_EQ(server.Get({{"X-Forwarded-For", "192.0.2.9"}, {"X-Forwarded-For", "198.51.100.1"}})->status, 429);
  EXPECT_EQ(server.Get({{"X-Forwarded-For", "198.51.100.2"}})->status, 200);
}

TEST_F(ExamplesTest, ServerServesWhileRedisIsAwayAndLimitsAgainAfterwards) {
  const Server server(url());
  EXPECT_EQ(server.Get()->status, 200);
  redis_server_kill(redis_.get());
  for (int i = 0; i < 10; ++i) EXPECT_EQ(server.Get()->status, 200);
  ASSERT_EQ(redis_server_restart(redis_.get()), 0);
  int last = 200;
  for (int i = 0; i < 500 && last == 200; ++i) {
    last = server.Get()->status;
    usleep(10'000);
  }
  EXPECT_EQ(last, 429);
}

}  // namespace
