// Token buckets as users think of them: tokens that flow in, counted in fractions of 1/per_us of a token. Nothing is shared with
// src/core but the numbers of a limit, so what is wrong there is seen here.
#pragma once

#include <algorithm>
#include <array>
#include <vector>

#include "journal.h"
#include "keys.h"

namespace drl::simulation {

class Buckets {
 public:
  explicit Buckets(const Keys& keys) : keys_(keys), buckets_(static_cast<size_t>(keys.count())) {}

  // What is wrong with that this was done; null when nothing is. In the order of one server.
  const char* Take(const Entry& entry) {
    if (entry.fate == Fate::kLost) {
      for (Bucket& bucket : buckets_) bucket = {};
      return nullptr;
    }
    Bucket& bucket = buckets_[static_cast<size_t>(entry.key)];
    if (entry.fate == Fate::kForgotten) {
      bucket = {};
      return nullptr;
    }
    const core::Limits& limits = keys_.limits(entry.key);
    Fill(bucket, limits, entry.server_us);
    if (!Ran(entry.fate)) return nullptr;  // it was looked at all the same: a key whose time was over is gone
    bool fits = true;
    for (size_t i = 0; i < limits.size(); ++i) {
      const int64_t kept = std::min(entry.question.headroom, limits[i].burst());
      fits = fits && bucket.tokens[i] >= (Cost(entry, limits[i]) + kept) * limits[i].per_us();
    }
    if (entry.fate == Fate::kDenied) return fits && bucket.exact ? "denied what the bucket has" : nullptr;
    if (!fits) return "granted more than burst and rate";
    for (size_t i = 0; i < limits.size(); ++i) bucket.tokens[i] -= Cost(entry, limits[i]) * limits[i].per_us();
    return nullptr;
  }

 private:
  using Wide = __int128;
  struct Bucket {
    bool used = false;  // else it is full
    bool exact = true;  // the clock has not stepped back: after that it has at most what stands here
    int64_t at = 0;
    std::array<Wide, DRL_LIMITS_MAX> tokens{};  // in 1/per_us
  };

  static Wide Cost(const Entry& entry, const core::Limit& limit) { return std::min(entry.question.cost, limit.burst() + 1); }

  static void Fill(Bucket& bucket, const core::Limits& limits, int64_t now_us) {
    if (bucket.used && now_us < bucket.at) bucket.exact = false;
    const Wide passed = bucket.used ? std::max<int64_t>(0, now_us - bucket.at) : 0;
    for (size_t i = 0; i < limits.size(); ++i) {
      const Wide full = static_cast<Wide>(limits[i].burst()) * limits[i].per_us();
      bucket.tokens[i] = bucket.used ? std::min(full, bucket.tokens[i] + passed * limits[i].rate()) : full;
    }
    bucket.used = true;
    bucket.at = now_us;
  }

  const Keys& keys_;
  std::vector<Bucket> buckets_;
};

}  // namespace drl::simulation
