// A credentials callback that answers as a test says.
#pragma once

#include <drl/drl.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstring>
#include <functional>
#include <mutex>
#include <new>
#include <string>
#include <utility>

namespace drl::test {

inline int32_t Fill(drl_credentials& credentials, const std::string& username, const std::string& password,
                    int64_t expires_in_us = 0) {
  username.copy(credentials.username, sizeof credentials.username - 1);
  password.copy(credentials.password, sizeof credentials.password - 1);
  credentials.expires_in_us = expires_in_us;
  return 0;
}

class Giver {
 public:
  Giver(std::string username, std::string password) : username_(std::move(username)), password_(std::move(password)) {}
  // No call is under way once it was let go.
  void Into(drl_client_options& options) {
    options.credentials = &Giver::Call;
    options.credentials_user = this;
    options.credentials_release = &Giver::Release;
  }

  // From now on.
  void Give(const std::string& username, const std::string& password) {
    const std::lock_guard lock(mutex_);
    username_ = username;
    password_ = password;
    act_ = nullptr;
  }
  void Expire(int64_t after_us) { expires_in_us_ = after_us; }
  void Fail(const std::string& why) {
    Do([why](drl_credentials& credentials) { return why.copy(credentials.why, sizeof credentials.why - 1), 1; });
  }
  void Do(std::function<int32_t(drl_credentials&)> act) {
    const std::lock_guard lock(mutex_);
    act_ = std::move(act);
  }
  // Every call, until GoOn.
  void Hang() { hangs_ = true; }
  void GoOn() {
    hangs_ = false;
    hangs_.notify_all();
  }
  // While no call reads what is to be given.
  void Between(const std::function<void()>& act) {
    const std::lock_guard lock(mutex_);
    act();
  }
  void SetPassword(const std::string& password) { password_ = password; }  // Between
  // In a forked child, where calls of the parent's are not.
  void Afresh(const std::string& username, const std::string& password) {
    this->~Giver();
    new (this) Giver(username, password);
  }

  [[nodiscard]] int calls() const { return calls_; }
  [[nodiscard]] int released() const { return released_; }
  [[nodiscard]] int most_at_once() const { return most_at_once_; }

 private:
  static int32_t Call(drl_credentials* credentials, void* user) { return static_cast<Giver*>(user)->Answer(*credentials); }
  static void Release(void* user) { ++static_cast<Giver*>(user)->released_; }

  int32_t Answer(drl_credentials& credentials) {
    ++calls_;
    const int at_once = ++at_once_;
    most_at_once_ = std::max(most_at_once_.load(), at_once);
    hangs_.wait(true);
    std::unique_lock lock(mutex_);
    const std::function<int32_t(drl_credentials&)> act = act_;
    if (act == nullptr) Fill(credentials, username_, password_, expires_in_us_);
    lock.unlock();
    --at_once_;
    return act == nullptr ? 0 : act(credentials);
  }

  std::mutex mutex_;  // guards what follows
  std::string username_, password_;
  std::function<int32_t(drl_credentials&)> act_;  // in place of giving them

  std::atomic<int64_t> expires_in_us_{0};
  std::atomic<bool> hangs_{false};
  std::atomic<int> calls_{0};
  std::atomic<int> at_once_{0};
  std::atomic<int> most_at_once_{0};
  std::atomic<int> released_{0};
};

}  // namespace drl::test
