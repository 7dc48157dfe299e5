// Where a server's WAL stands, and when everything before a moment can be seen.
#pragma once

#include <chrono>
#include <functional>
#include <stop_token>

#include "adapter/postgres/connection.h"
#include "change/lsn.h"

namespace freshet::postgres {

// Where the next WAL record goes: every commit so far is below.
Lsn insert_lsn(Connection& connection);

// Waits until every transaction that had begun when this was called has ended, so that a statement from now
// on sees whatever committed below an LSN taken before. Prepared transactions count. Throws Error{transient}
// naming who still runs when `deadline` passes, Error{cancelled} when stopped.
void wait_for_running_transactions(Connection& connection, std::chrono::milliseconds deadline,
                                   std::stop_token stop);

}  // namespace freshet::postgres
