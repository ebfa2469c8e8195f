// Commands as Redis reads them: arrays of bulk strings, which come in pieces.
#pragma once

#include <string_view>
#include <vector>

namespace drl::simulation {

struct Parsed {
  size_t length = 0;   // of the command in bytes; 0: it is not whole
  size_t wanted = 0;   // where it is not whole: at least so many bytes are needed
  bool broken = false; // this is no command, whatever follows
};

// The command that `bytes` begins with; `arguments` are views into them.
[[nodiscard]] Parsed ParseCommand(std::string_view bytes, std::vector<std::string_view>& arguments);

}  // namespace drl::simulation
