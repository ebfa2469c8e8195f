// Lines for the log, gathered while servers are talked to and written when everybody has been served.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/repeats.h"
#include "drl/client.h"

namespace drl::nodes {

class Notes {
 public:
  void Add(int32_t level, std::string text) { notes_.push_back({level, std::move(text)}); }
  // An error, unless it was said of late.
  void Complain(base::Repeats& repeats, const std::string& complaint, base::Micros now) {
    if (repeats.Due(complaint, now)) Add(DRL_LOG_ERROR, complaint);
  }
  [[nodiscard]] bool empty() const { return notes_.empty(); }
  // `write` is called with the level and the text of each.
  template <typename Write>
  void TakeAll(Write write) {
    for (const Note& note : notes_) write(note.level, note.text);
    notes_.clear();
  }

 private:
  struct Note {
    int32_t level;
    std::string text;
  };
  std::vector<Note> notes_;
};

}  // namespace drl::nodes
