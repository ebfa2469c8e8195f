// Who this client says it is: asked for at every connection, and again before the answer expires.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/fd.h"
#include "base/status.h"
#include "redis/endpoint.h"
#include "redis/resp.h"

namespace drl::redis {

// A user and password. Wiped when it goes.
class Login {
 public:
  Login() = default;
  Login(std::string username, std::string password, base::Micros life = 0)
      : username_(std::move(username)), password_(std::move(password)), life_(life) {}
  ~Login();
  Login(Login&&) = default;
  Login& operator=(Login&& other) noexcept;
  Login(const Login&) = delete;
  Login& operator=(const Login&) = delete;

  [[nodiscard]] const std::string& username() const { return username_; }  // empty: the default user
  [[nodiscard]] const std::string& password() const { return password_; }  // empty: nothing is to be said
  // How long it is good for from when it was given; 0: for ever.
  [[nodiscard]] base::Micros life() const { return life_; }
  [[nodiscard]] bool Same(const Login& other) const { return username_ == other.username_ && password_ == other.password_; }

  // AUTH.
  void Write(RespWriter& out) const;
  // What a server said to it, for people: one that does not know AUTH repeats its arguments, perhaps cut. Of such a text only the code
  // word is shown.
  [[nodiscard]] std::string Harmless(const std::string& text) const;

 private:
  std::string username_, password_;
  base::Micros life_ = 0;
};

class Credentials {
 public:
  Credentials() = default;
  virtual ~Credentials() = default;
  Credentials(const Credentials&) = delete;
  Credentials& operator=(const Credentials&) = delete;

  // Asks, unless nobody took the answer to an earlier question yet: then that is the one to take, or to come.
  virtual base::Status Begin() = 0;
  // Whether the answer is there; then it, once.
  [[nodiscard]] virtual bool done() const = 0;
  virtual base::Result<Login> Take() = 0;
  // Whether the answer is always the same.
  [[nodiscard]] virtual bool fixed() const = 0;
};

// Those that the endpoint names, or none. It outlives them.
[[nodiscard]] std::unique_ptr<Credentials> FixedCredentials(const Endpoint& endpoint);

// Gives a login, or says why there is none. May block for long; does not throw.
using LoginSource = std::function<base::Result<Login>()>;

// Those of a source, asked on a thread that signals `wake`: one question at a time.
[[nodiscard]] std::unique_ptr<Credentials> AskedCredentials(LoginSource source, const base::EventFd& wake);

}  // namespace drl::redis
