// The callback form of asynchronous requests.
#pragma once

#include <string_view>

#include "drl/request.h"
#include "engine/slot.h"

namespace drl::engine {

class Engine;

// Ends requests by calling their callbacks, on whatever thread ended them.
class CallbackSink final : public CompletionSink {
 public:
  explicit CallbackSink(Engine& engine) : CompletionSink(true), engine_(engine) {}
  void Deliver(Slot& slot) override;

 private:
  Engine& engine_;
};

// Calls back with a decision that is known at once.
void CallBack(drl_decision_callback callback, drl_status status, const drl_decision& decision, std::string_view message,
              void* user);

// While it lives, this thread is inside a callback.
class InsideCallback {
 public:
  InsideCallback();
  ~InsideCallback();
  InsideCallback(const InsideCallback&) = delete;
  InsideCallback& operator=(const InsideCallback&) = delete;
};

// Whether this thread is inside a callback, where waiting would stop the I/O thread.
[[nodiscard]] bool InCallback();

}  // namespace drl::engine
