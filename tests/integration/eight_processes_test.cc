// Eight processes on one key: together they never get more than the policy grants, in any window, and hardly less.
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

#include "handles.h"
#include "seed.h"

extern char** environ;

namespace drl::test {
namespace {

struct Admission {
  int64_t at_us;
  int64_t cost;
};

struct Worker {
  pid_t pid = -1;
  int output = -1;
};

Worker Spawn(std::vector<std::string> arguments) {
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  int ends[2];
  Worker worker;
  if (pipe2(ends, O_CLOEXEC) != 0) return worker;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  if (posix_spawn(&worker.pid, argv[0], &actions, nullptr, argv.data(), environ) != 0) worker.pid = -1;
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  worker.output = ends[0];
  return worker;
}

// What the worker wrote; its last two items are its first and its last denial.
std::vector<Admission> Finish(const Worker& worker) {
  std::string bytes;
  char buffer[65536];
  for (ssize_t got; (got = read(worker.output, buffer, sizeof buffer)) > 0;) bytes.append(buffer, static_cast<size_t>(got));
  close(worker.output);
  int status = -1;
  waitpid(worker.pid, &status, 0);
  EXPECT_EQ(status, 0) << "a worker failed";
  std::vector<Admission> told(bytes.size() / sizeof(Admission));
  std::copy_n(bytes.data(), told.size() * sizeof(Admission), reinterpret_cast<char*>(told.data()));
  return told;
}

struct Run {
  std::vector<Admission> admissions;  // by time
  int64_t first_denial_us = INT64_MAX;
  int64_t last_denial_us = 0;
};

Run RunEight(const char* url, int64_t rate, int64_t burst) {
  Random random(Seed());
  std::vector<Worker> workers;
  for (int i = 0; i < 8; ++i) {
    workers.push_back(
        Spawn({DRL_FLOOD_WORKER, url, std::to_string(rate), std::to_string(burst), "5", std::to_string(random())}));
  }
  Run run;
  for (const Worker& worker : workers) {
    std::vector<Admission> told = Finish(worker);
    if (told.size() < 2) continue;
    run.last_denial_us = std::max(run.last_denial_us, told.back().at_us);
    told.pop_back();
    run.first_denial_us = std::min(run.first_denial_us, told.back().at_us);
    told.pop_back();
    run.admissions.insert(run.admissions.end(), told.begin(), told.end());
  }
  std::sort(run.admissions.begin(), run.admissions.end(),
            [](const Admission& a, const Admission& b) { return a.at_us < b.at_us; });
  return run;
}

// A bucket full at the first admission, replayed in millionths of a token, overflows if and only if some window of the run holds
// more than burst + rate x its length.
void ExpectNeverTooMuch(const Run& run, int64_t rate, int64_t burst) {
  int64_t debt = 0;
  int64_t before_us = run.admissions.front().at_us;
  for (const Admission& admission : run.admissions) {
    debt = std::max<int64_t>(0, debt - rate * (admission.at_us - before_us)) + admission.cost * 1'000'000;
    before_us = admission.at_us;
    ASSERT_LE(debt, burst * 1'000'000) << "too much was admitted up to " << admission.at_us;
  }
}

// From the first denial to the last, when the bucket held less than 100 tokens: what nobody asked for before, while the processes
// started on a full bucket, or after is not unused.
void ExpectFullUse(const Run& run, int64_t rate) {
  int64_t admitted = 0;
  for (const Admission& admission : run.admissions) {
    if (admission.at_us > run.first_denial_us && admission.at_us <= run.last_denial_us) admitted += admission.cost;
  }
  const int64_t length_us = run.last_denial_us - run.first_denial_us;
  EXPECT_GT(length_us, 3'000'000) << "the run proves little";
  const int64_t granted = rate * length_us;
  EXPECT_GE(admitted * 1'000'000, granted / 1000 * 999) << admitted << " tokens admitted";
}

void ExpectExact(int64_t rate, int64_t burst) {
  const Server server = StartServer();
  const Run run = RunEight(redis_server_url(server.get()), rate, burst);
  ASSERT_GT(run.admissions.size(), 100u);
  ExpectNeverTooMuch(run, rate, burst);
  ExpectFullUse(run, rate);
}

// A second of burst, so that the bucket does not overflow while a busy machine runs none of the eight.
TEST(EightProcesses, ShareABucketOfWholeMicrosecondsExactly) { ExpectExact(40'000, 40'000); }
TEST(EightProcesses, ShareABucketOfFractionsExactly) { ExpectExact(39'989, 40'009); }

}  // namespace
}  // namespace drl::test
