// Plays episodes until so many decisions have been made:
//
//   simulation [--decisions N] [--seed N] [--tries N]
//
// The first seed is that of a random test (seed.h), the others follow it. With --seed the one episode of that seed is played. What goes wrong is
// shortened, in so many tries at most, and printed with the seed that brings it back.
#include <chrono>
#include <cstdio>
#include <cstring>

#include "client.h"
#include "episode.h"
#include "seed.h"

namespace {

using drl::simulation::Action;
using drl::simulation::ActionKind;
using drl::simulation::Catalogue;
using drl::simulation::MakeClient;
using drl::simulation::Outcome;
using drl::simulation::Story;

struct Arguments {
  int64_t decisions = 300'000;
  uint64_t seed = 0;
  bool one = false;  // the episode of this seed alone
  int tries = 2'000;
};

bool Read(int count, char** values, Arguments& arguments) {
  for (int i = 1; i < count; i += 2) {
    if (i + 1 == count) return false;
    char* end = nullptr;
    const uint64_t value = std::strtoull(values[i + 1], &end, 10);
    if (*end != '\0' || values[i + 1][0] == '\0') return false;
    if (std::strcmp(values[i], "--decisions") == 0) {
      arguments.decisions = static_cast<int64_t>(value);
    } else if (std::strcmp(values[i], "--seed") == 0) {
      arguments.seed = value;
      arguments.one = true;
    } else if (std::strcmp(values[i], "--tries") == 0) {
      arguments.tries = static_cast<int>(value);
    } else {
      return false;
    }
  }
  return true;
}

void Print(const Story& story) {
  std::printf("commands of %d, queue of %u, time-out %lld, connect time-out %lld, lag %lld, server %s, healed from %lld, ends at %lld\n",
              story.requests_per_command_max, story.queue_capacity, static_cast<long long>(story.timeout),
              static_cast<long long>(story.connect_timeout), static_cast<long long>(story.lag_max), story.older_server ? "6" : "7",
              static_cast<long long>(story.healed_from), static_cast<long long>(story.ends_at));
  constexpr size_t kLinesMax = 60;
  size_t lines = 0;
  for (const Action& action : story.actions) {
    if (story.actions.size() > kLinesMax && action.kind <= ActionKind::kCancel) continue;
    if (++lines <= kLinesMax) std::printf("  %s\n", Describe(action).c_str());
  }
}

bool PlayOne(uint64_t seed, const Catalogue& catalogue, int tries, Outcome& outcome) {
  const Story story = TellStory(seed, catalogue, seed % 3 == 0);
  outcome = Play(story, catalogue, MakeClient);
  if (outcome.wrong.empty()) return true;
  std::printf("seed %llu: %s\nits faults:\n", static_cast<unsigned long long>(seed), outcome.wrong.c_str());
  Print(story);
  if (tries == 0) return false;
  const Story shorter = Shorten(story, catalogue, MakeClient, tries);
  std::printf("shortened to %zu of %zu actions: %s\n", shorter.actions.size(), story.actions.size(),
              Play(shorter, catalogue, MakeClient).wrong.c_str());
  Print(shorter);
  std::printf("again: simulation --seed %llu\n", static_cast<unsigned long long>(seed));
  return false;
}

}  // namespace

int main(int count, char** values) {
  Arguments arguments;
  if (!Read(count, values, arguments)) {
    std::fprintf(stderr, "usage: simulation [--decisions N] [--seed N] [--tries N]\n");
    return 2;
  }
  if (!arguments.one) arguments.seed = drl::test::Seed();
  const auto begun = std::chrono::steady_clock::now();
  const Catalogue catalogue;
  Outcome total;
  int64_t episodes = 0;
  do {
    Outcome outcome;
    if (!PlayOne(arguments.seed + static_cast<uint64_t>(episodes), catalogue, arguments.tries, outcome)) return 1;
    ++episodes;
    total.asked += outcome.asked;
    total.decided += outcome.decided;
    total.commands += outcome.commands;
  } while (!arguments.one && total.decided < arguments.decisions);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
  std::printf("%lld episodes, %lld requests, %lld decided in %lld commands, %.1f s: all as it has to be\n",
              static_cast<long long>(episodes), static_cast<long long>(total.asked), static_cast<long long>(total.decided),
              static_cast<long long>(total.commands), took.count());
  return 0;
}
