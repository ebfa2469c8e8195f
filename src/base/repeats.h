// Complaints: each is made at once and then every so often while its cause lasts, not every time it is met.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace drl::base {

class Repeats {
 public:
  explicit Repeats(Micros every = 60'000'000) : every_(every) {}

  // Whether to make it now.
  [[nodiscard]] bool Due(std::string_view complaint, Micros now) {
    for (Made& made : made_) {
      if (made.complaint != complaint) continue;
      if (now - made.at < every_) return false;
      made.at = now;
      return true;
    }
    // Texts of a server may be without number: the one made longest ago is forgotten.
    if (made_.size() == kComplaintsMax) {
      made_.erase(std::min_element(made_.begin(), made_.end(), [](const Made& a, const Made& b) { return a.at < b.at; }));
    }
    made_.push_back({std::string(complaint), now});
    return true;
  }
  // The cause is gone: the next one is made at once.
  void Forget() { made_.clear(); }

 private:
  static constexpr size_t kComplaintsMax = 8;

  struct Made {
    std::string complaint;
    Micros at;
  };

  Micros every_;
  std::vector<Made> made_;
};

}  // namespace drl::base
