#include "redis/credentials.h"

#include <string.h>

#include <string_view>
#include <utility>

#include "base/errand.h"

namespace drl::redis {
namespace {

using base::Result;
using base::Status;

// Whatever the string ever held, as far as its memory is still its own.
void Wipe(std::string& secret) {
  secret.resize(secret.capacity());
  explicit_bzero(secret.data(), secret.size());
  secret.clear();
}

class Fixed final : public Credentials {
 public:
  explicit Fixed(const Endpoint& endpoint) : endpoint_(endpoint) {}
  Status Begin() override { return {}; }
  [[nodiscard]] bool done() const override { return true; }
  Result<Login> Take() override { return Login(endpoint_.username, endpoint_.password); }
  [[nodiscard]] bool fixed() const override { return true; }

 private:
  const Endpoint& endpoint_;
};

class Asked final : public Credentials {
 public:
  Asked(LoginSource source, const base::EventFd& wake) : source_(std::move(source)), errand_(wake) {}
  Status Begin() override {
    return errand_.running() ? Status() : errand_.Start(source_, "to ask for credentials");
  }
  [[nodiscard]] bool done() const override { return errand_.done(); }
  Result<Login> Take() override { return errand_.Take(); }
  [[nodiscard]] bool fixed() const override { return false; }

 private:
  const LoginSource source_;
  base::Errand<Login> errand_;
};

}  // namespace

Login::~Login() {
  Wipe(username_);
  Wipe(password_);
}

Login& Login::operator=(Login&& other) noexcept {
  username_.swap(other.username_);
  password_.swap(other.password_);
  life_ = other.life_;
  return *this;
}

void Login::Write(RespWriter& out) const {
  out.Array(username_.empty() ? 2 : 3);
  out.Bulk("AUTH");
  if (!username_.empty()) out.Bulk(username_);
  out.Bulk(password_);
}

std::string Login::Harmless(const std::string& text) const {
  constexpr size_t kTelling = 8;
  const auto holds = [&](std::string_view secret) {
    return !secret.empty() && text.find(secret.substr(0, kTelling)) != std::string::npos;
  };
  return holds(password_) || holds(username_) ? text.substr(0, text.find(' ')) : text;
}

std::unique_ptr<Credentials> FixedCredentials(const Endpoint& endpoint) { return std::make_unique<Fixed>(endpoint); }

std::unique_ptr<Credentials> AskedCredentials(LoginSource source, const base::EventFd& wake) {
  return std::make_unique<Asked>(std::move(source), wake);
}

}  // namespace drl::redis
