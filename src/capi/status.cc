#include "drl/status.h"

#include <cstddef>

#include "base/status.h"
#include "drl/version.h"

static_assert(sizeof(drl_error) == 256 && offsetof(drl_error, message) == 8);

extern "C" {

const char* drl_status_name(drl_status status) { return drl::base::StatusName(status); }

const char* drl_status_message(drl_status status) { return drl::base::StatusMessage(status); }

const char* drl_version(void) { return DRL_VERSION_STRING; }

}  // extern "C"
