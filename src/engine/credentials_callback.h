// The application's callback for user and password.
//
// Shared by the client, its engine, and the call under way if there is one; whoever comes last lets the application's data go, in the
// process that opened the client.
#pragma once

#include <memory>

#include "base/fork.h"
#include "drl/client.h"
#include "redis/credentials.h"

namespace drl::engine {

class CredentialsCallback {
 public:
  CredentialsCallback(drl_credentials_callback callback, void* user) : callback_(callback), user_(user) {}
  ~CredentialsCallback() {
    if (release_ != nullptr && generation_ == base::ForkGeneration()) release_(user_);
  }
  CredentialsCallback(const CredentialsCallback&) = delete;
  CredentialsCallback& operator=(const CredentialsCallback&) = delete;

  // The client is open: from now on the data are to be let go, once. May be null.
  void ReleaseBy(void (*release)(void* user)) { release_ = release; }

  // Asks, and checks the answer. Blocks as long as the application does.
  [[nodiscard]] base::Result<redis::Login> Ask() const noexcept;

 private:
  bool Call(drl_credentials& form) const;

  const drl_credentials_callback callback_;
  void* const user_;
  const uint64_t generation_ = base::ForkGeneration();
  void (*release_)(void* user) = nullptr;
};

[[nodiscard]] redis::LoginSource SourceOf(std::shared_ptr<CredentialsCallback> callback);

}  // namespace drl::engine
