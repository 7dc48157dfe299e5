// The barrier before a table is read: every transaction that may have committed below V has ended, for every
// snapshot taken from now on. A commit record can be written while the transaction still looks unfinished to
// others (it waits for a synchronous standby, say), so V alone isn't enough.
#pragma once

#include <chrono>
#include <optional>
#include <stop_token>
#include <string>

#include "adapter/postgres/connection.h"
#include "change/lsn.h"

namespace freshet::postgres {

// Where the next WAL record goes: every commit so far is below.
Lsn insert_lsn(Connection& connection);

struct Barrier {
  Lsn v;
  Lsn raised_at;    // whatever committed below is visible once the barrier is passed
  std::string xid;  // assigned after V: whatever committed below V has a lower one
};

// `v`: where it is given already; else the WAL insert position.
Barrier raise_barrier(Connection& connection, std::optional<Lsn> v);

// Nothing once all transactions up to the barrier's have ended; else the oldest of them, for people. Prepared
// ones count.
std::optional<std::string> blocker_of(Connection& connection, const Barrier& barrier);

// Raises a barrier and waits until it is passed. Throws Error{transient} naming who still runs when
// `deadline` passes, Error{cancelled} when stopped.
void wait_for_running_transactions(Connection& connection, std::chrono::milliseconds deadline,
                                   std::stop_token stop);

// Commits a message that makes capture pass its position on at once (capture/signals.h): an idle source says
// nothing until its next heartbeat. Doesn't wait for a standby.
void emit_mark(Connection& connection);

}  // namespace freshet::postgres
