#include "redis/permission.h"

#include <algorithm>

#include "redis/error_map.h"

namespace drl::redis {
namespace {

bool Has(std::string_view text, std::string_view words) { return text.find(words) != std::string_view::npos; }

// The command in "... no permissions to run the 'script|load' command"; empty where Redis names none. Only what looks like a
// command is taken, so that nothing else can come through.
std::string_view NamedCommand(std::string_view text) {
  constexpr std::string_view kBefore = "to run the '";
  constexpr size_t kCommandLenMax = 32;
  const size_t at = text.find(kBefore);
  if (at == std::string_view::npos) return {};
  text.remove_prefix(at + kBefore.size());
  text = text.substr(0, text.find('\''));
  const bool plain = text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ|_-") == text.npos;
  return plain && text.size() <= kCommandLenMax ? text : std::string_view();
}

}  // namespace

// The command at the head of what the script says: "DRL <command> <Redis's words>".
std::string_view TakeScriptCommand(std::string_view& text) {
  constexpr std::string_view kHead = "DRL ";
  if (!text.starts_with(kHead)) return {};
  text.remove_prefix(kHead.size());
  const std::string_view command = text.substr(0, text.find(' '));
  text.remove_prefix(std::min(text.size(), command.size() + 1));
  return command;
}

Refusal ExplainRefusal(std::string_view text, std::string_view command) {
  Refusal refusal;
  const std::string_view script_command = TakeScriptCommand(text);
  // Up to 7.0 the first two, later the others.
  refusal.key = Has(text, "access one of the keys") || Has(text, "access at least one of the keys") ||
                Has(text, "o permissions to access a key") || Has(text, "no permissions to access the '");
  const bool inside = !text.starts_with("NOPERM");
  const std::string_view named = script_command.empty() ? NamedCommand(text) : script_command;
  refusal.sentence = "Redis refuses " + std::string(command) + " to this user (NOPERM): ";
  if (refusal.key) {
    refusal.sentence += "it may not access a key";
  } else if (!named.empty()) {
    refusal.sentence += "it may not run " + std::string(named);
  } else if (inside) {
    refusal.sentence += "it may not run a command of the script";
  } else {
    refusal.sentence += "it lacks a permission";
  }
  if (inside && (refusal.key || !named.empty())) refusal.sentence += ", as the script does";
  return refusal;
}

std::string ErrorSentence(std::string_view text, std::string_view command) {
  if (MapError(text).code == DRL_ERR_PERMISSION) return ExplainRefusal(text, command).sentence;
  const std::string_view inside = TakeScriptCommand(text);
  const std::string said(text.substr(0, text.find(", with args beginning with")));
  return inside.empty() || inside == "CLOCK" ? said : "the script's " + std::string(inside) + ": " + said;
}

}  // namespace drl::redis
