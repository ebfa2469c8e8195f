#include "redis/error_map.h"

#include <algorithm>

namespace drl::redis {
namespace {

struct Row {
  std::string_view head;
  MappedError error;
};

// By the code, which is the first word.
constexpr Row kCodes[] = {
    {"NOSCRIPT", {DRL_ERR_REDIS, ErrorKind::kNoScript}},
    {"NOAUTH", {DRL_ERR_AUTH, ErrorKind::kUnhealthy}},
    {"WRONGPASS", {DRL_ERR_AUTH, ErrorKind::kUnhealthy}},
    {"NOPERM", {DRL_ERR_PERMISSION, ErrorKind::kRefused}},
    {"LOADING", {DRL_ERR_LOADING, ErrorKind::kRefused}},
    {"READONLY", {DRL_ERR_READONLY, ErrorKind::kUnhealthy}},
    {"MASTERDOWN", {DRL_ERR_READONLY, ErrorKind::kUnhealthy}},
    {"OOM", {DRL_ERR_OOM, ErrorKind::kRefused}},
    {"BUSY", {DRL_ERR_BUSY, ErrorKind::kRefused}},
    {"MISCONF", {DRL_ERR_REDIS, ErrorKind::kRefused}},
    {"NOREPLICAS", {DRL_ERR_REDIS, ErrorKind::kRefused}},
    {"CLUSTERDOWN", {DRL_ERR_REDIS, ErrorKind::kRefused}},
    {"MOVED", {DRL_ERR_REDIS, ErrorKind::kRefused}},
    {"ASK", {DRL_ERR_REDIS, ErrorKind::kRefused}},
    {"TRYAGAIN", {DRL_ERR_REDIS, ErrorKind::kRefused}},
    {"CROSSSLOT", {DRL_ERR_REDIS, ErrorKind::kRefused}},
};

// Errors without a code of their own, by how they begin behind "ERR".
constexpr Row kSentences[] = {
    {"AUTH <password> called without any password", {DRL_ERR_AUTH, ErrorKind::kUnhealthy}},
    {"Client sent AUTH, but no password is set", {DRL_ERR_AUTH, ErrorKind::kUnhealthy}},  // before 6
    {"invalid password", {DRL_ERR_AUTH, ErrorKind::kUnhealthy}},                          // before 6
    // A command inside the script was refused, perhaps after others had run: up to 7.0, then later.
    {"The user executing the script can't", {DRL_ERR_PERMISSION, ErrorKind::kUnknown}},
    {"ACL failure in script: ", {DRL_ERR_PERMISSION, ErrorKind::kUnknown}},
};

bool Skip(std::string_view& text, std::string_view head) {
  if (!text.starts_with(head)) return false;
  text.remove_prefix(head.size());
  return true;
}

// "@user_script:12: " or "@user_script: 12: ".
bool SkipPlace(std::string_view& text) {
  std::string_view rest = text;
  if (!Skip(rest, "@")) return false;
  rest.remove_prefix(std::min(rest.find_first_of(": "), rest.size()));
  if (!Skip(rest, ":")) return false;
  (void)Skip(rest, " ");
  rest.remove_prefix(std::min(rest.find_first_not_of("0123456789"), rest.size()));
  if (!Skip(rest, ": ")) return false;
  text = rest;
  return true;
}

// What a script raised, without what 6.x wraps around it:
//   ERR Error running script (call to f_<sha1>): @user_script:12: @user_script: 12: -OOM command not allowed ...
// and, of an error that the script caught and replied itself:
//   @user_script: 12: -OOM command not allowed ...
// False when there is no such wrapper.
bool Unwrap(std::string_view& text) {
  std::string_view rest = text;
  if (Skip(rest, "ERR Error running script (call to f_")) {
    rest.remove_prefix(std::min(rest.find_first_not_of("0123456789abcdef"), rest.size()));
    if (!Skip(rest, "): ")) return false;
  }
  if (!SkipPlace(rest)) return false;
  (void)SkipPlace(rest);
  (void)Skip(rest, "-");
  text = rest;
  return true;
}

// 7.0 and later put it behind: " script: <sha1>, on @user_script:12."
bool HasPlaceBehind(std::string_view text) {
  constexpr std::string_view kBefore = " script: ";
  const size_t found = text.rfind(kBefore);
  if (found == std::string_view::npos) return false;
  text.remove_prefix(found + kBefore.size());
  text.remove_prefix(std::min(text.find_first_not_of("0123456789abcdef"), text.size()));
  return text.starts_with(", on @");
}

// "DRL <command> <what Redis said of it>": the script charged nothing where it says so.
MappedError MapScriptError(std::string_view text) {
  (void)Skip(text, "DRL ");
  if (Skip(text, "CLOCK ")) return {DRL_ERR_CLOCK, ErrorKind::kRefused};
  text.remove_prefix(std::min(text.find(' ') + 1, text.size()));
  const MappedError error = MapError(text);
  return {error.code, error.kind == ErrorKind::kUnknown ? ErrorKind::kRefused : error.kind};
}

}  // namespace

MappedError MapError(std::string_view text) {
  if (text.starts_with("DRL ")) return MapScriptError(text);
  const bool inside = Unwrap(text) || HasPlaceBehind(text);
  const std::string_view code = text.substr(0, text.find(' '));
  for (const Row& row : kCodes) {
    if (row.head != code) continue;
    const bool late = inside && row.error.code == DRL_ERR_PERMISSION;
    return {row.error.code, late ? ErrorKind::kUnknown : row.error.kind};
  }
  (void)Skip(text, "ERR ");
  for (const Row& row : kSentences) {
    if (text.starts_with(row.head)) return row.error;
  }
  return {DRL_ERR_REDIS, ErrorKind::kUnknown};
}

}  // namespace drl::redis
