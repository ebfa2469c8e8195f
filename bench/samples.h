// Latency samples and their quantiles.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <vector>

namespace drl::bench {

inline double NowUs() {
  return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

class Samples {
 public:
  void Add(double us) { values_.push_back(us); }
  void Append(const Samples& other) { values_.insert(values_.end(), other.values_.begin(), other.values_.end()); }
  [[nodiscard]] size_t size() const { return values_.size(); }

  // q in 0..1; sorts on first use.
  [[nodiscard]] double Quantile(double q) {
    if (values_.empty()) return 0;
    std::sort(values_.begin(), values_.end());
    return values_[std::min(values_.size() - 1, static_cast<size_t>(q * static_cast<double>(values_.size())))];
  }

 private:
  std::vector<double> values_;
};

}  // namespace drl::bench
