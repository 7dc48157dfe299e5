// The barrier before a table is read: every transaction that may have committed below V has ended, for every
// snapshot taken from now on. A commit record can be written while the transaction still looks unfinished to
// others (it waits for a synchronous standby, say), so V alone isn't enough.
//
// Called by a snapshot worker on its own connection.
#pragma once

#include <optional>
#include <string>

#include "adapter/postgres/connection.h"
#include "change/lsn.h"

namespace freshet::capture {

struct Barrier {
  Lsn v;
  std::string xid;  // assigned after V: whatever committed below V has a lower one
};

// `v`: where it is given already; else the WAL insert position.
Barrier raise_barrier(postgres::Connection& connection, std::optional<Lsn> v);

// Nothing once all transactions up to the barrier's have ended; else the oldest of them, for people. Prepared
// ones count.
std::optional<std::string> blocker_of(postgres::Connection& connection, const Barrier& barrier);

}  // namespace freshet::capture
