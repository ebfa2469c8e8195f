// The limiters and identities that all episodes use.
//
// Three plans are tight, so that most of their buckets are empty, and many requests are alike. Two fill so fast that a crowd which
// empties a bucket meets it at every microsecond of its filling. The last is so wide that each request may have a cost of its own:
// then every single one is recognised in a server's journal.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/key.h"
#include "core/plan.h"
#include "keys.h"

namespace drl::simulation {

class Catalogue {
 public:
  static constexpr const char* kNamespace = "simulation";
  struct Item {
    size_t plan;
    std::string identity;
  };

  Catalogue();
  Catalogue(const Catalogue&) = delete;
  Catalogue& operator=(const Catalogue&) = delete;

  [[nodiscard]] const std::vector<std::shared_ptr<const core::Plan>>& plans() const { return plans_; }
  // By the number of the key.
  [[nodiscard]] const Item& item(int key) const { return items_[static_cast<size_t>(key)]; }
  [[nodiscard]] const Keys& keys() const { return keys_; }
  // Keys of the plan in which costs tell requests apart come last, from this one on.
  [[nodiscard]] int first_wide() const { return first_wide_; }

  static core::KeyMaker MakerOf(const core::Plan& plan) { return {kNamespace, {}, plan.fingerprint(), {}}; }

 private:
  void Add(std::vector<drl_limit> limits, int identities);

  std::vector<std::shared_ptr<const core::Plan>> plans_;
  std::vector<Item> items_;
  Keys keys_;
  int first_wide_ = 0;
};

inline Catalogue::Catalogue() {
  constexpr int64_t kSecond = 1'000'000;
  Add({{10, kSecond, 10, nullptr, {0, 0}}}, 40);
  Add({{70, kSecond, 35, nullptr, {0, 0}}}, 40);  // a token is no whole number of microseconds
  Add({{20, kSecond, 8, nullptr, {0, 0}}, {700, 60 * kSecond, 40, nullptr, {0, 0}}}, 40);
  Add({{1, 3, 200, nullptr, {0, 0}}}, 10);
  Add({{2, 5, 300, nullptr, {0, 0}}}, 10);
  first_wide_ = keys_.count();
  Add({{kSecond, kSecond, 10'000'000, nullptr, {0, 0}}}, 120);
}

inline void Catalogue::Add(std::vector<drl_limit> options, int identities) {
  core::Limits limits;
  for (const drl_limit& option : options) limits.push_back(*core::Limit::Make(option, ""));
  const auto plan = std::make_shared<const core::Plan>(std::move(limits));
  const core::KeyMaker maker = MakerOf(*plan);
  for (int i = 0; i < identities; ++i) {
    const std::string identity = "user " + std::to_string(i);
    core::Key key;
    maker.Make({reinterpret_cast<const uint8_t*>(identity.data()), identity.size()}, key);
    keys_.Add(std::string(key.view()), plan->limits());
    items_.push_back({plans_.size(), identity});
  }
  plans_.push_back(plan);
}

}  // namespace drl::simulation
