// Credentials that answer when and what a test says.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "redis/credentials.h"

namespace drl::test {

class ScriptedCredentials final : public redis::Credentials {
 public:
  // Answers the question under way, or the next one.
  void Give(const std::string& username, const std::string& password, base::Micros life = 0) {
    answer_.emplace(redis::Login(username, password, life));
  }
  void Fail(const char* why) { answer_.emplace(base::Status(DRL_ERR_AUTH, why)); }

  base::Status Begin() override {
    asked_ += !under_way_;
    under_way_ = true;
    return {};
  }
  [[nodiscard]] bool done() const override { return under_way_ && answer_; }
  base::Result<redis::Login> Take() override {
    under_way_ = false;
    base::Result<redis::Login> taken = std::move(*answer_);
    answer_.reset();
    return taken;
  }
  [[nodiscard]] bool fixed() const override { return false; }
  [[nodiscard]] int asked() const { return asked_; }

 private:
  int asked_ = 0;
  bool under_way_ = false;
  std::optional<base::Result<redis::Login>> answer_;
};

}  // namespace drl::test
