#include "http_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  drl::fuzz::CheckResolver(DRL_FORWARD_X_FORWARDED_FOR, "192.0.2.66", "garbage", data, size);
  return 0;
}
