/* libdrl for C++17: header-only, on the C interface alone.
 *
 *     #include <drl/drl.hpp>
 *
 *     drl::Client client("redis://localhost:6379/0");
 *     drl::Limiter limiter(client, drl::PerMinute(100));
 *
 *     if (drl::Decision decision = limiter.Allow("user_123")) serve();
 *     else refuse(decision.retry_after);
 *
 *     std::future<drl::Decision> later = limiter.AllowAsync("user_123");
 *
 * A tour
 *   cpp/status.hpp    Error, and status codes as std::error_code
 *   cpp/decision.hpp  the answer
 *   cpp/client.hpp    Client: the connection and its I/O thread, shared by limiters; readiness, log, stats and metrics
 *   cpp/request.hpp   Request: all that may be asked, with headroom, a time-out and a fail strategy of its own
 *   cpp/limiter.hpp   Limiter: Allow, Peek, Reset, Decide, AllowMany, AllowAsync; headers and problem bodies of its decisions
 *   cpp/queue.hpp     Queue: asynchronous calls for an event loop
 *   cpp/http.hpp      header and problem types; Resolver: the address of a client
 *
 * Rules that hold everywhere
 *   - A call that fails throws drl::Error. Calls that may fail while a program runs well have a twin whose last
 *     argument is a std::error_code&: that one sets it and does not throw, but for std::bad_alloc. A denied request is
 *     no failure, nor is a degraded decision.
 *   - Link with libdrl (pkg-config drl, or CMake's drl::drl). The C headers say more about each call.
 *   - An object may be used by many threads at once, and destroyed by one when the others are done with it. Limiters
 *     and queues keep their client open: the order of destruction does not matter. Destroy none of them in a callback.
 *   - Identities are bytes: any string_view of 1 to 65536, also with NUL. Durations are std::chrono's.
 *   - A moved-from object holds nothing; its calls fail with DRL_ERR_NULL.
 */
#ifndef DRL_DRL_HPP
#define DRL_DRL_HPP

#include "cpp/client.hpp"
#include "cpp/decision.hpp"
#include "cpp/http.hpp"
#include "cpp/limiter.hpp"
#include "cpp/queue.hpp"
#include "cpp/request.hpp"
#include "cpp/status.hpp"

#endif  // DRL_DRL_HPP
