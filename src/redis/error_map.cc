#include "redis/error_map.h"

namespace drl::redis {
namespace {

struct Row {
  std::string_view word;
  MappedError error;
};

// Order matters where a text holds two of them: the outermost first.
constexpr Row kRows[] = {
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
    {"CROSSSLOT", {DRL_ERR_REDIS, ErrorKind::kRefused}},
};

// A whole word: "-OOM command", not "ROOM".
bool HasWord(std::string_view text, std::string_view word) {
  const auto is_letter = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); };
  for (size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
    const size_t end = at + word.size();
    if ((at == 0 || !is_letter(text[at - 1])) && (end == text.size() || !is_letter(text[end]))) return true;
  }
  return false;
}

}  // namespace

MappedError MapError(std::string_view text) {
  for (const Row& row : kRows) {
    if (HasWord(text, row.word)) return row.error;
  }
  // Redis before 6 and a user of an ACL refuse AUTH with plain ERR texts.
  if (text.find("invalid password") != std::string_view::npos || text.find("AUTH") != std::string_view::npos) {
    return {DRL_ERR_AUTH, ErrorKind::kUnhealthy};
  }
  // A command inside the script was refused, perhaps after others had run: up to 7.0, then later.
  if (text.find("The user executing the script can't") != std::string_view::npos ||
      text.find("ACL failure in script") != std::string_view::npos) {
    return {DRL_ERR_PERMISSION, ErrorKind::kUnknown};
  }
  return {DRL_ERR_REDIS, ErrorKind::kUnknown};
}

}  // namespace drl::redis
