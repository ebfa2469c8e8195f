// Redis's refusals of a permission, in words of our own: its texts may quote a key.
#pragma once

#include <string>
#include <string_view>

namespace drl::redis {

struct Refusal {
  bool key = false;      // the user may run the command, but not on this key
  std::string sentence;  // with the code word and the command that Redis names, nothing else of its text
};

// `text` is an error reply that MapError takes for DRL_ERR_PERMISSION; `command` is what was sent.
[[nodiscard]] Refusal ExplainRefusal(std::string_view text, std::string_view command);

// What an error reply says, for a person: without the keys and the user's name that Redis's texts may hold.
[[nodiscard]] std::string ErrorSentence(std::string_view text, std::string_view command);

}  // namespace drl::redis
