// An episode: a story played with a client, a network and a server, then checked.
#pragma once

#include <string>

#include "story.h"
#include "subject.h"

namespace drl::simulation {

struct Outcome {
  std::string wrong;      // empty: everything holds
  int64_t asked = 0;
  int64_t decided = 0;
  int64_t commands = 0;   // turns of the loop tell little, commands how requests travelled together
};

[[nodiscard]] Outcome Play(const Story& story, const Catalogue& catalogue, MakeSubject make);

// The story with as much left out as can be, in so many tries, while the same thing goes wrong.
[[nodiscard]] Story Shorten(const Story& story, const Catalogue& catalogue, MakeSubject make, int tries_max);

}  // namespace drl::simulation
