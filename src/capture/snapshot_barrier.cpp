#include "capture/snapshot_barrier.h"

namespace freshet::capture {
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

Barrier raise_barrier(postgres::Connection& connection, std::optional<Lsn> v) {
  Barrier barrier;
  barrier.v = v ? *v : parse_lsn(connection.query("SELECT pg_current_wal_insert_lsn()").text(0, 0));
  // A transaction of its own: it has ended when the answer is here.
  barrier.xid = connection.query("SELECT pg_current_xact_id()").text(0, 0);
  return barrier;
}

std::optional<std::string> blocker_of(postgres::Connection& connection, const Barrier& barrier) {
  const bool passed =
      connection.query("SELECT pg_snapshot_xmin(pg_current_snapshot()) > $1::xid8", {barrier.xid})
          .text(0, 0) == "t";
  if (passed) return std::nullopt;
  const postgres::Result oldest = connection.query(kOldest, {barrier.xid});
  if (oldest.rows() == 1) return std::string(oldest.text(0, 0));
  return "a transaction that this role can't see (GRANT pg_read_all_stats to name it)";
}

}  // namespace freshet::capture
