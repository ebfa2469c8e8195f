// redis_url: where Redis is and how to log in.
//
//   redis://[user[:password]@]host[:port][/db][?parameters]                            (also valkey://)
//   rediss://...                         the same over TLS                             (also valkeys://)
//   redis+sentinel://[user[:password]@]host[:port][,host[:port]...]/master[/db][?parameters]
//                                        user and password are the master's            (also valkey+sentinel://)
//   rediss+sentinel://...                the same, sentinels and master over TLS       (also valkeys+sentinel://)
//   unix://[user[:password]@]/path[?parameters]                                        (also redis+unix://, valkey+unix://)
//
// Parameters: url_parameters.cc.
#pragma once

#include <string_view>

#include "redis/endpoint.h"

namespace drl::redis {

base::Result<Endpoint> ParseUrl(std::string_view url);

}  // namespace drl::redis
