#include "engine/callback.h"

#include "base/fork.h"
#include "engine/engine.h"

namespace drl::engine {
namespace {

// How deep this thread is in callbacks, and in which process: a child forked there has left them.
thread_local int depth = 0;
thread_local uint64_t depth_generation = 0;

}  // namespace

void CallBack(drl_decision_callback callback, drl_status status, const drl_decision& decision, std::string_view message,
              void* user) {
  char text[DRL_COMPLETION_MESSAGE_SIZE];
  base::CopyMessage(message, text);
  const InsideCallback inside;
  callback(status, &decision, text, user);
}

InsideCallback::InsideCallback() {
  if (!InCallback()) depth = 0;
  depth_generation = base::ForkGeneration();
  ++depth;
}

InsideCallback::~InsideCallback() { --depth; }

bool InCallback() { return depth > 0 && depth_generation == base::ForkGeneration(); }

void CallbackSink::Deliver(Slot& slot) {
  drl_decision decision{};
  base::Sentence detail;
  const drl_status status = Engine::Conclude(slot, decision, detail);
  const drl_decision_callback callback = slot.callback;
  void* const user = slot.user;
  engine_.Observe(slot.limiter(), status, decision);
  engine_.Release(slot);
  CallBack(callback, status, decision, detail.view(), user);
}

}  // namespace drl::engine
