#include "adapter/postgres/wal_position.h"

#include <fmt/format.h>

#include "base/clock.h"

namespace freshet::postgres {
namespace {

// The oldest one that is still running, session or prepared transaction.
std::string blocker(Connection& connection) {
  const Result rows = connection.query(
      "SELECT format('pid %s (%s), running since %s', pid, application_name, xact_start), xact_start FROM "
      "pg_stat_activity "
      "WHERE backend_xid IS NOT NULL AND pid <> pg_backend_pid() "
      "UNION ALL SELECT format('prepared transaction %L, since %s', gid, prepared), prepared FROM "
      "pg_prepared_xacts "
      "ORDER BY 2 LIMIT 1");
  return rows.rows() == 0 ? "a transaction that can't be seen" : std::string(rows.text(0, 0));
}

}  // namespace

Lsn insert_lsn(Connection& connection) {
  return parse_lsn(connection.query("SELECT pg_current_wal_insert_lsn()").text(0, 0));
}

void wait_for_running_transactions(Connection& connection, std::chrono::milliseconds deadline,
                                   std::stop_token stop) {
  constexpr std::chrono::milliseconds kBetweenLooks{20};
  const Clock& clock = system_clock();
  const Deadline until(clock, deadline);
  // A statement of its own is a transaction of its own: committed when it returns.
  const std::string mine(connection.query("SELECT pg_current_xact_id()").text(0, 0));
  while (connection.query("SELECT pg_snapshot_xmin(pg_current_snapshot()) > $1::xid8", {mine}).text(0, 0) !=
         "t") {
    if (until.passed()) {
      throw Error(ErrorKind::transient,
                  fmt::format("a transaction at {} doesn't end: {}", connection.where(), blocker(connection)),
                  "end it, or wait: a snapshot is only complete when what began before it has ended");
    }
    if (!clock.sleep(kBetweenLooks, stop))
      throw Error(ErrorKind::cancelled, "stopped while waiting for transactions");
  }
}

}  // namespace freshet::postgres
