#include "http_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  drl::fuzz::CheckResolver(DRL_FORWARD_FORWARDED, "for=192.0.2.66", "for=\"", data, size);
  return 0;
}
