#include "engine/callback.h"

#include "engine/engine.h"

namespace drl::engine {
namespace {

thread_local int depth = 0;

}  // namespace

void CallBack(drl_decision_callback callback, drl_status status, const drl_decision& decision, void* user) {
  ++depth;
  callback(status, &decision, user);
  --depth;
}

bool InCallback() { return depth > 0; }

void CallbackSink::Deliver(Slot& slot) {
  drl_decision decision{};
  std::string detail;
  const drl_status status = Engine::Conclude(slot, decision, detail);
  const drl_decision_callback callback = slot.callback;
  void* const user = slot.user;
  engine_.Observe(*slot.limiter, status, decision);
  engine_.Release(slot);
  CallBack(callback, status, decision, user);
}

}  // namespace drl::engine
