#include "load/snapshots.h"

#include <fmt/format.h>

#include <limits>

#include "adapter/clickhouse/quote.h"
#include "base/bytes.h"
#include "load/key_ranges.h"
#include "load/row_binary.h"

namespace freshet::load {

using clickhouse::quote_identifier;
using clickhouse::quote_literal;

void Snapshots::load(Session& session, std::uint64_t cut) {
  const std::string table = quote_literal(mirror_.name());
  session.remove("freshet.snapshots", fmt::format("table = {} AND round > {}", table, cut));
  const std::string answer = session.select(
      fmt::format("SELECT version, flags, running, round FROM freshet.snapshots WHERE table = {} "
                  "ORDER BY round DESC, version DESC, running LIMIT 1 FORMAT RowBinary",
                  table));
  version_ = Version();
  flags_ = 0;
  running_ = false;
  round_ = 0;
  sweep_.load(session, cut);
  if (answer.empty()) return;
  ByteReader from(answer);
  version_ = read_version(from);
  flags_ = from.le<std::uint8_t>();
  running_ = from.le<std::uint8_t>() != 0;
  round_ = from.le<std::uint64_t>();
}

void Snapshots::begin(Session& session, std::uint64_t round, Version version, std::uint8_t flags) {
  version_ = version;
  flags_ = flags;
  running_ = true;
  write_state(session, round, true);
  // Not at the end, because a repeated round must find them again.
  if (staging()) session.execute("TRUNCATE TABLE " + mirror_.staged());
}

void Snapshots::abandon(Session& session, std::uint64_t cut) {
  if (!running_) return;
  write_state(session, cut, false);
  running_ = false;
}

void Snapshots::note_reading(Session& session, std::uint64_t round) {
  if (!running_ && round_ < round) write_state(session, round, false);
}

// What a round brings was read before the next one's changes committed. Cuts that are forgotten are below
// those that are left.
Version Snapshots::read_until(Session& session) const {
  constexpr Version kGreatest{~UInt128{0}};
  if (running_) return kGreatest;
  const std::string answer = session.select(
      fmt::format("SELECT bitShiftLeft(toUInt128(epoch), 120) + bitShiftLeft(toUInt128(commit_lsn), 64) + "
                  "toUInt128({}) FROM freshet.cuts WHERE round >= {} ORDER BY round LIMIT 1 FORMAT RowBinary",
                  std::numeric_limits<std::uint64_t>::max(), round_));
  if (answer.empty()) return kGreatest;
  ByteReader from(answer);
  return read_version(from);
}

bool Snapshots::finish(Session& session, const End& end) {
  bool swept = false;
  if (staging()) {
    finish_staged(session, end);
    swept = true;
  } else if (((flags_ | end.flags) & kSweep) != 0) {
    // A row that moved within the table while it was read may be in no chunk, and live all the same.
    swept = sweep_.sweep_or_ask(session, {version_, end.floor, end.spared, end.at}, end.round);
  }
  write_state(session, end.round, false);
  running_ = false;
  return swept;
}

// Never asks: a periodic table is what its last reading saw, and the next one is an interval away.
void Snapshots::finish_staged(Session& session, const End& end) {
  sweep_.supersede(session, end.round);
  for (const std::string& range : key_ranges(session, mirror_, "staged", walk_rows_)) {
    const std::string staged = fmt::format("_version = {} AND {}", to_sql(version_), range);
    insert_differing(session, end, range, staged);
    const std::string seen = fmt::format("SELECT {} FROM {} WHERE {} UNION ALL {}", mirror_.key_bytes(),
                                         mirror_.staged(), staged, end.spared);
    sweep_.sweep(session, {version_, end.floor, seen, end.at}, range, end.round);
  }
}

void Snapshots::write_state(Session& session, std::uint64_t round, bool running) {
  session.execute(fmt::format(
      "INSERT INTO freshet.snapshots (table, round, version, running, flags) SELECT {}, {}, {}, {}, {}",
      quote_literal(mirror_.name()), round, to_sql(version_), running ? 1 : 0, flags_));
  round_ = round;
}

void Snapshots::insert_differing(Session& session, const End& end, const std::string& range,
                                 const std::string& staged) const {
  const std::string columns = mirror_.column_list();
  const std::string live = mirror_.keeps() ? " AND NOT is_deleted" : "";
  const std::string differing =
      fmt::format("(SELECT {} FROM {} FINAL WHERE {} EXCEPT SELECT {} FROM {} WHERE {}{})", columns,
                  mirror_.staged(), staged, columns, mirror_.src(), range, live);
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

}  // namespace freshet::load
