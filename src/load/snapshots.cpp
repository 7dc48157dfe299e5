#include "load/snapshots.h"

#include <fmt/format.h>

#include "adapter/clickhouse/quote.h"
#include "base/bytes.h"
#include "load/row_binary.h"

namespace freshet::load {

using clickhouse::quote_identifier;
using clickhouse::quote_literal;

void Snapshots::load(Session& session, std::uint64_t cut) {
  const std::string table = quote_literal(mirror_.name());
  const std::string unfinished = fmt::format("table = {} AND round > {}", table, cut);
  if (session.number("SELECT count() FROM freshet.snapshots WHERE " + unfinished) > 0)
    session.execute("DELETE FROM freshet.snapshots WHERE " + unfinished);
  const std::string answer =
      session.select(fmt::format("SELECT version, flags, running FROM freshet.snapshots WHERE table = {} "
                                 "ORDER BY round DESC, version DESC, running LIMIT 1 FORMAT RowBinary",
                                 table));
  version_ = Version();
  flags_ = 0;
  running_ = false;
  if (answer.empty()) return;
  ByteReader from(answer);
  version_ = read_version(from);
  flags_ = from.le<std::uint8_t>();
  running_ = from.le<std::uint8_t>() != 0;
}

void Snapshots::begin(Session& session, std::uint64_t round, Version version, std::uint8_t flags) {
  version_ = version;
  flags_ = flags;
  running_ = true;
  write_state(session, round, true);
  // Not at the end, because a repeated round must find them again.
  if (staging()) session.execute("TRUNCATE TABLE " + mirror_.staged());
}

void Snapshots::finish(Session& session, const End& end) {
  if (staging()) {
    insert_differing(session, end);
    sweep(session, end,
          fmt::format("SELECT {} FROM {} WHERE _version = {}", mirror_.key_bytes(), mirror_.staged(),
                      to_sql(version_)));
  } else if (((flags_ | end.flags) & kSweep) != 0) {
    // A row that moved within the table while it was read may be in no chunk, and live all the same.
    sweep(session, end, end.spared);
  }
  write_state(session, end.round, false);
  running_ = false;
}

void Snapshots::write_state(Session& session, std::uint64_t round, bool running) const {
  session.execute(fmt::format(
      "INSERT INTO freshet.snapshots (table, round, version, running, flags) SELECT {}, {}, {}, {}, {}",
      quote_literal(mirror_.name()), round, to_sql(version_), running ? 1 : 0, flags_));
}

void Snapshots::insert_differing(Session& session, const End& end) const {
  const std::string columns = mirror_.column_list();
  const std::string live = mirror_.keeps() ? " WHERE NOT is_deleted" : "";
  const std::string differing =
      fmt::format("(SELECT {} FROM {} FINAL WHERE _version = {} EXCEPT SELECT {} FROM {}{})", columns,
                  mirror_.staged(), to_sql(version_), columns, mirror_.src(), live);
  for (const std::size_t column : mirror_.lookups) {
    const std::string list = mirror_.lookup_list(column);
    session.execute(fmt::format("INSERT INTO {} ({}) SELECT {} FROM {} WHERE {} IS NOT NULL",
                                mirror_.lookup(column), list, list, differing,
                                quote_identifier(mirror_.columns[column].name)));
  }
  session.execute(
      fmt::format("INSERT INTO {} ({}, _version, _deleted, _round, _committed_at) "
                  "SELECT {}, {}, 0, {}, fromUnixTimestamp64Micro(toInt64({}), 'UTC') FROM {}",
                  mirror_.raw(), columns, columns, to_sql(version_), end.round, end.at, differing));
}

// Rows older than the snapshot that it didn't bring again get a tombstone of its version.
void Snapshots::sweep(Session& session, const End& end, const std::string& confirmed) const {
  const std::string older =
      fmt::format("_version < {} AND _version > {} AND _deleted = 0", to_sql(version_), to_sql(end.floor));
  // A table that is new has none, and FINAL would merge all of it to see that.
  if (session.number(
          fmt::format("SELECT count() FROM (SELECT 1 FROM {} WHERE {} LIMIT 1)", mirror_.raw(), older)) == 0)
    return;
  const std::string columns = mirror_.keeps() ? mirror_.column_list() : mirror_.key_list();
  session.execute(
      fmt::format("INSERT INTO {} ({}, _version, _deleted, _round, _committed_at) "
                  "SELECT {}, {}, 1, {}, fromUnixTimestamp64Micro(toInt64({}), 'UTC') FROM {} FINAL "
                  "WHERE {} AND {} NOT IN ({})",
                  mirror_.raw(), columns, columns, to_sql(version_), end.round, end.at, mirror_.raw(), older,
                  mirror_.key_bytes(), confirmed));
}

}  // namespace freshet::load
