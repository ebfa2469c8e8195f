// lua/drl.lua, compiled into the library.
#pragma once

#include <string_view>

namespace drl::redis {

extern const std::string_view kScriptText;
extern const std::string_view kScriptSha1;  // lower-case hex

}  // namespace drl::redis
