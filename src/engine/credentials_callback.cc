#include "engine/credentials_callback.h"

#include <string.h>

#include <exception>
#include <memory>
#include <new>
#include <string>
#include <utility>

#include "base/utf8.h"
#include "engine/callback.h"

namespace drl::engine {
namespace {

using base::Result;
using base::Status;

Status Bad(const char* what) { return {DRL_ERR_AUTH, std::string("the credentials callback ") + what}; }

// What the application fills in is wiped when it goes.
struct Wipe {
  void operator()(drl_credentials* form) const {
    explicit_bzero(form, sizeof *form);
    delete form;
  }
};

Result<redis::Login> Failed(drl_credentials& form) {
  form.why[sizeof form.why - 1] = '\0';
  if (form.why[0] == '\0') return Bad("failed and did not say why");
  char why[sizeof form.why];
  base::CopyShown(form.why, why, sizeof why);
  return Status(DRL_ERR_AUTH, std::string("no credentials: ") + why);
}

Result<redis::Login> Read(const drl_credentials& form) {
  const size_t username = strnlen(form.username, sizeof form.username);
  const size_t password = strnlen(form.password, sizeof form.password);
  if (username == sizeof form.username) return Bad("gave a user name that does not end");
  if (password == sizeof form.password) return Bad("gave a password that does not end");
  if (password == 0) return Bad(username == 0 ? "gave no password" : "gave a user name without a password");
  if (form.expires_in_us < 0) return Bad("gave an expires_in_us below 0");
  return redis::Login(std::string(form.username, username), std::string(form.password, password), form.expires_in_us);
}

}  // namespace

Result<redis::Login> CredentialsCallback::Ask() const noexcept {
  try {
    const std::unique_ptr<drl_credentials, Wipe> form(new drl_credentials());
    return Call(*form) ? Read(*form) : Failed(*form);
  } catch (const std::bad_alloc&) {
    return Status(DRL_ERR_AUTH, "out of memory");  // short: it needs none
  }
}

bool CredentialsCallback::Call(drl_credentials& form) const {
  const InsideCallback inside;
  try {
    return callback_(&form, user_) == 0;
  } catch (const std::exception&) {
    base::CopyMessage("the credentials callback threw an exception", form.why);
    return false;
  }
}

redis::LoginSource SourceOf(std::shared_ptr<CredentialsCallback> callback) {
  return [callback = std::move(callback)] { return callback->Ask(); };
}

}  // namespace drl::engine
