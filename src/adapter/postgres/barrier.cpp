#include "adapter/postgres/barrier.h"

#include <fmt/format.h>

#include "base/clock.h"

namespace freshet::postgres {
namespace {

// age() counts from the next transaction: the older, the greater.
constexpr const char* kOldest = R"(
  SELECT who FROM (
    SELECT format('pid %s (%s, %s, %s, in its transaction for %s)', pid, usename, application_name, state,
                  date_trunc('second', clock_timestamp() - xact_start)::interval(0)) AS who,
           age(backend_xid) AS age
    FROM pg_stat_activity WHERE backend_xid IS NOT NULL
    UNION ALL
    SELECT format('prepared transaction %L (%s, prepared %s ago)', gid, owner,
                  date_trunc('second', clock_timestamp() - prepared)::interval(0)),
           age(transaction)
    FROM pg_prepared_xacts) AS running
  WHERE age >= age($1::xid8::xid)
  ORDER BY age DESC LIMIT 1)";

}  // namespace

Lsn insert_lsn(Connection& connection) {
  return parse_lsn(connection.query("SELECT pg_current_wal_insert_lsn()").text(0, 0));
}

Barrier raise_barrier(Connection& connection, std::optional<Lsn> v) {
  Barrier barrier;
  barrier.raised_at = insert_lsn(connection);
  barrier.v = v.value_or(barrier.raised_at);
  // A transaction of its own: it has ended when the answer is here.
  barrier.xid = connection.query("SELECT pg_current_xact_id()").text(0, 0);
  return barrier;
}

std::optional<std::string> blocker_of(Connection& connection, const Barrier& barrier) {
  const bool passed =
      connection.query("SELECT pg_snapshot_xmin(pg_current_snapshot()) > $1::xid8", {barrier.xid})
          .text(0, 0) == "t";
  if (passed) return std::nullopt;
  const Result oldest = connection.query(kOldest, {barrier.xid});
  if (oldest.rows() == 1) return std::string(oldest.text(0, 0));
  return "a transaction that this role can't see (GRANT pg_read_all_stats to name it)";
}

void wait_for_running_transactions(Connection& connection, std::chrono::milliseconds deadline,
                                   std::stop_token stop) {
  constexpr std::chrono::milliseconds kBetweenLooks{20};
  const Clock& clock = system_clock();
  const Deadline until(clock, deadline);
  const Barrier barrier = raise_barrier(connection, std::nullopt);
  while (const std::optional<std::string> blocker = blocker_of(connection, barrier)) {
    if (until.passed())
      throw Error(ErrorKind::transient,
                  fmt::format("a transaction at {} doesn't end: {}", connection.where(), *blocker),
                  "end it, or wait: a snapshot is only complete when what began before it has ended");
    if (!clock.sleep(kBetweenLooks, stop))
      throw Error(ErrorKind::cancelled, "stopped while waiting for transactions");
  }
}

void emit_mark(Connection& connection) {
  connection.run(
      "BEGIN; SET LOCAL synchronous_commit = local; SELECT pg_logical_emit_message(true, 'freshet', 'mark'); "
      "COMMIT");
}

}  // namespace freshet::postgres
