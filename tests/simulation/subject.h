// What is simulated: a client that is asked, asks a server over the network, and tells what it was answered.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "catalogue.h"
#include "checks.h"
#include "network.h"
#include "story.h"
#include "world.h"

namespace drl::simulation {

// What it has to do with. All outlive it.
struct Setting {
  World& world;
  Network& network;
  const Catalogue& catalogue;
  const Story& story;
  std::vector<Told>& told;  // grows; who ends a request writes into its place
};

class Subject {
 public:
  Subject() = default;
  virtual ~Subject() = default;
  Subject(const Subject&) = delete;
  Subject& operator=(const Subject&) = delete;

  // Those from `first` to the last in `told` are asked together, and none has ended.
  virtual void Ask(size_t first) = 0;
  // The caller of a request that has not ended gives it up.
  virtual void Cancel(size_t request) = 0;
  // A cycle of the loop.
  virtual void Turn() = 0;
  // Whether the loop was woken since its last turn.
  [[nodiscard]] virtual bool has_news() const = 0;
  // When the loop is to turn by itself.
  [[nodiscard]] virtual Micros next_at() const = 0;
  // The end of the episode: nothing is asked any more. What is left over that should not be; empty: nothing.
  [[nodiscard]] virtual std::string Finish() = 0;
};

using MakeSubject = std::unique_ptr<Subject> (*)(const Setting& setting);

}  // namespace drl::simulation
