#include "load/freeze.h"

#include <fmt/format.h>

#include "adapter/clickhouse/quote.h"
#include "base/error.h"
#include "base/log.h"

namespace freshet::load {
namespace {

using clickhouse::quote_literal;
using clickhouse::quote_table;

constexpr const char* kFloors = "_floors";

}  // namespace

std::string FrozenSet::table(const std::string& mirror) const {
  return quote_table("frozen", name + "__" + mirror);
}

FrozenSet freeze(Session& session, const Cut& cut, const std::vector<std::string>& mirrors,
                 const Clock& clock) {
  const Deadline lease(clock, kLeaseTime);
  FrozenSet set{fmt::format("r{}_{:x}", cut.round, clock.wall().time_since_epoch().count()), cut.round,
                cut.mark.commit_lsn, cut.mark.committed_at, mirrors};
  session.execute(fmt::format("CREATE TABLE {} CLONE AS freshet.floors", set.table(kFloors)));
  for (const std::string& mirror : mirrors) {
    if (lease.passed())
      throw Error(
          ErrorKind::capacity,
          fmt::format("freezing {} tables took longer than {} ms", mirrors.size(), kLeaseTime.count()),
          "freeze only tables that changed; check ClickHouse's load");
    session.execute(
        fmt::format("CREATE TABLE {} CLONE AS {}", set.table(mirror), quote_table("raw", mirror)));
  }
  session.execute(
      fmt::format("INSERT INTO freshet.frozen (name, round, commit_lsn, committed_at, tables, dropped) "
                  "SELECT {}, {}, {}, fromUnixTimestamp64Micro(toInt64({}), 'UTC'), {}, 0",
                  quote_literal(set.name), set.round, set.cut.value(), set.committed_at,
                  clickhouse::quote_array(set.mirrors)));
  return set;
}

std::vector<FrozenSet> list_frozen(clickhouse::Client& client) {
  std::vector<FrozenSet> sets;
  for (const auto& row :
       client.rows("SELECT name, round, commit_lsn, toUnixTimestamp64Micro(committed_at), table "
                   "FROM freshet.frozen FINAL LEFT ARRAY JOIN tables AS table WHERE dropped = 0 ORDER BY "
                   "round, name")) {
    if (sets.empty() || sets.back().name != row[0])
      sets.push_back({row[0].value(),
                      std::stoull(row[1].value()),
                      Lsn(std::stoull(row[2].value())),
                      std::stoll(row[3].value()),
                      {}});
    if (!row[4].value_or("").empty()) sets.back().mirrors.push_back(*row[4]);
  }
  return sets;
}

void drop_frozen(clickhouse::Client& client, const FrozenSet& set) {
  // The marker goes first: a set is whole, or isn't there.
  client.execute(
      fmt::format("INSERT INTO freshet.frozen (name, round, commit_lsn, committed_at, tables, dropped) "
                  "SELECT {}, {}, {}, fromUnixTimestamp64Micro(toInt64({}), 'UTC'), {}, 1",
                  quote_literal(set.name), set.round, set.cut.value(), set.committed_at,
                  clickhouse::quote_array(set.mirrors)));
  for (const std::string& mirror : set.mirrors)
    client.execute("DROP TABLE IF EXISTS " + set.table(mirror) + " SYNC");
  client.execute("DROP TABLE IF EXISTS " + set.table(kFloors) + " SYNC");
}

void drop_unfinished(Session& session) {
  for (const auto& row : session.rows(
           "SELECT name FROM system.tables WHERE database = 'frozen' AND splitByString('__', name)[1] NOT IN "
           "(SELECT name FROM freshet.frozen FINAL WHERE dropped = 0)")) {
    log::info("unfinished_clone_dropped", {{"table", row[0].value()}});
    session.execute("DROP TABLE IF EXISTS " + quote_table("frozen", row[0].value()) + " SYNC");
  }
}

}  // namespace freshet::load
