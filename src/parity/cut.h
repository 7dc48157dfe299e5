// Waiting for the line to have loaded what the source held.
#pragma once

#include <chrono>
#include <stop_token>
#include <string>

#include "adapter/clickhouse/client.h"
#include "change/lsn.h"
#include "parity/following.h"

namespace freshet::parity {

// The cut that the stream's mirror has reached, at or above `lsn`. Throws Error{schema} as soon as the stream
// doesn't run, Error{transient} when it stays below `lsn` until the deadline, Error{cancelled} when stopped.
Lsn wait_for_cut(clickhouse::Client& mirror, Following& following, const std::string& stream, Lsn lsn,
                 std::chrono::milliseconds deadline, std::stop_token stop);

}  // namespace freshet::parity
