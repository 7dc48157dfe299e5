#include "load/quarantine.h"

#include <fmt/format.h>

#include <algorithm>

#include "adapter/clickhouse/quote.h"
#include "base/check.h"
#include "base/shell_word.h"
#include "load/quarantined.h"
#include "load/row_binary.h"

namespace freshet::load {
namespace {

using clickhouse::quote_literal;

// What each change is charged beside its values: what else is kept of it, and what ClickHouse takes to tell
// them apart. So the limit on bytes is one on their number, too.
constexpr std::uint64_t kBytesOfEach = 1 << 10;
// How long it is kept in the books that one has left. Of one that was given up it is kept for good.
constexpr int kBooksDays = 90;

std::uint64_t charge(const Batch::Record& record) {
  return kBytesOfEach + record.old.size() + record.row.size();
}

void hold(HeldKeys& keys, std::string_view key, std::string_view donor, const Cause& cause) {
  keys.add(key);
  keys.add(donor);
  if (cause.of_stream) keys.add_all();
}

std::string literals(const std::vector<std::string>& texts) {
  std::string list;
  for (const std::string& text : texts) list += (list.empty() ? "" : ", ") + quote_literal(text);
  return "[" + list + "]";
}

}  // namespace

std::string_view to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::loaded: return "loaded";
    case Outcome::superseded: return "superseded";
    case Outcome::dropped: return "dropped";
  }
  return "unknown";
}

std::string Quarantine::newest(std::string_view columns) const {
  return waiting_in_quarantine(mirror_.name(), columns);
}

void Quarantine::load(Session& session, std::uint64_t cut) {
  const std::string of = "table = " + quote_literal(mirror_.name());
  session.remove("freshet.quarantine", fmt::format("{} AND round > {}", of, cut));
  // What has left keeps its place in the books for a while, not its rows. These go first: without the other
  // they would wait again.
  session.remove("freshet.quarantine", fmt::format("{} AND done_round = 0 AND (version, key) IN {}", of,
                                                   left_quarantine(mirror_.name(), "version, key")));
  session.remove("freshet.quarantine",
                 fmt::format("{} AND done_round != 0 AND outcome != {} AND at < now() - INTERVAL {} DAY", of,
                             quote_literal(to_string(Outcome::dropped)), kBooksDays));
  forget_rows();
  pass_.end();
  look(session);
  const std::string formed =
      newest("key, donor") + " WHERE startsWith(key, unhex('FF')) OR startsWith(donor, unhex('FF'))";
  unsettled_ =
      any() && session.number(fmt::format("SELECT count() FROM (SELECT 1 FROM {} LIMIT 1)", formed)) > 0;
}

void Quarantine::look(Session& session) {
  const std::string answer = session.select(
      fmt::format("SELECT count(), sum(length(old) + length(row) + {}), max(of_stream), uniqExact(key), "
                  "argMinIf(reason, version, reason != ''), argMinIf(hint, version, reason != "
                  "'') FROM {} FORMAT RowBinary",
                  kBytesOfEach, newest("version, key, old, row, of_stream, reason, hint")));
  ByteReader from(answer);
  count_ = from.le<std::uint64_t>();
  bytes_ = from.le<std::uint64_t>();
  const bool of_stream = from.le<std::uint8_t>() != 0;
  first_.of_stream = from.le<std::uint64_t>() > HeldKeys::kMax || of_stream;
  first_.reason = read_text(from);
  first_.hint = read_text(from);
  keys_.clear();
  if (first_.of_stream) return keys_.add_all();
  if (!any()) return;
  const std::string keys =
      session.select(fmt::format("SELECT key, donor FROM {} FORMAT RowBinary", newest("key, donor")));
  for (ByteReader key(keys); !key.at_end();) {
    keys_.add(read_text(key));
    keys_.add(read_text(key));
  }
}

void Quarantine::count(const Batch::Record& record) {
  ++count_;
  bytes_ += charge(record);
}

void Quarantine::add(std::string_view key, std::string_view donor, const Batch::Record& record, Cause cause,
                     std::uint64_t round) {
  hold(keys_, key, donor, cause);
  if (pass_.has_reached(record.version)) hold(met_, key, donor, cause);
  if (first_.reason.empty()) first_ = cause;
  count(record);
  append(key, donor, record, cause, round);
}

// It stands there already, under its key and with its reason; both may be others under a mended contract.
void Quarantine::keep(std::string_view key, std::string_view donor, const Batch::Record& record, Cause cause,
                      std::uint64_t round) {
  hold(keys_, key, donor, cause);
  hold(met_, key, donor, cause);
  if (met_cause_.reason.empty()) met_cause_ = cause;
  const bool same_key = pass_.change(record.place).key == key;
  const ReplayPass::Before& before = pass_.before(record.place);
  const bool same_cause = cause.reason == before.reason && cause.of_stream == before.of_stream;
  if (same_key && (cause.reason.empty() || same_cause)) return;
  if (!same_key) {
    leaves(record, Outcome::superseded, round);
    count(record);
  }
  append(key, donor, record, cause, round);
}

void Quarantine::append(std::string_view key, std::string_view donor, const Batch::Record& record,
                        const Cause& cause, std::uint64_t round) {
  append_held(added_, mirror_, key, donor, record);
  append_le(added_, static_cast<std::uint8_t>(cause.of_stream));
  append_text(added_, cause.reason);
  append_text(added_, cause.hint);
  append_text(added_, mirror_.contract.version);
  append_le(added_, round);
  append_le(added_, std::uint64_t{0});
  append_text(added_, {});
}

void Quarantine::leaves(const Batch::Record& record, Outcome outcome, std::uint64_t round) {
  CHECK(count_ > 0);
  --count_;
  bytes_ -= std::min(bytes_, charge(record));
  const std::string& key = pass_.change(record.place).key;
  const Batch::Record bare{record.op, record.version, record.committed_at, nullptr, {}, {}, false, false, {}};
  append_held(left_, mirror_, key, key, bare);
  append_le(left_, std::uint8_t{0});
  append_text(left_, {});
  append_text(left_, {});
  append_text(left_, mirror_.contract.version);
  append_le(left_, round);
  append_le(left_, round);
  append_text(left_, to_string(outcome));
}

Insert Quarantine::insert(std::string rows) {
  return {
      fmt::format("INSERT INTO freshet.quarantine ({}, of_stream, reason, hint, contract, round, done_round, "
                  "outcome) FORMAT RowBinary",
                  kHeldWritten),
      std::move(rows)};
}

void Quarantine::settle_below(Session& session, Version version, Version floor, std::uint64_t round) {
  std::string which = "version < " + to_sql(version);
  if (mirror_.keeps())
    which += fmt::format(" AND version > {} AND (key NOT IN ({}) OR {})", to_sql(floor), spared_by(version),
                         seen_from(version));
  supersede(session, which, round);
}

void Quarantine::settle_seen(Session& session, Version version, Version floor, std::uint64_t round) {
  std::string which = "version < " + to_sql(version) + " AND " + seen_from(version);
  if (mirror_.keeps()) which += " AND version > " + to_sql(floor);
  supersede(session, which, round);
}

// A condition on the key.
std::string Quarantine::seen_from(Version version) const {
  return fmt::format("key IN (SELECT {0} FROM {1} WHERE _version >= {2} AND {0} IN {3})", mirror_.key_bytes(),
                     mirror_.raw(), to_sql(version), newest("key"));
}

void Quarantine::supersede(Session& session, const std::string& which, std::uint64_t round) {
  if (!any()) return;
  session.execute(
      fmt::format("INSERT INTO freshet.quarantine (table, version, key, donor, op, committed_at, reason, "
                  "contract, round, "
                  "done_round, outcome) SELECT table, version, key, donor, op, committed_at, reason, "
                  "contract, {0}, {0}, {1} "
                  "FROM {2} WHERE {3}",
                  round, quote_literal(to_string(Outcome::superseded)),
                  newest("table, version, key, donor, op, committed_at, reason, contract"), which));
  look(session);
}

void Quarantine::require_there(Session& session, const Drop& drop) const {
  const Error gone(ErrorKind::config, mirror_.stream + " has no such change in quarantine",
                   "freshet quarantine list " + shell_word(mirror_.stream));
  if (!any()) throw gone;
  if (drop.ids.empty()) return;
  const std::string ids = fmt::format("{} AS id", kQuarantineId);
  for (const auto& row :
       session.rows(fmt::format("SELECT arrayJoin({}) AS asked WHERE asked NOT IN (SELECT id FROM {})",
                                literals(drop.ids), newest("version, key, " + ids))))
    throw Error(ErrorKind::config, mirror_.stream + " has no change " + row[0].value() + " in quarantine",
                gone.hint());
}

// Of a key change both halves go.
std::uint64_t Quarantine::drop(Session& session, const Drop& drop, std::uint64_t round) {
  require_there(session, drop);
  const std::uint64_t before = count_;
  std::string which = "true";
  if (!drop.ids.empty()) {
    const std::string changes = newest(fmt::format("version, key, donor, {} AS id", kQuarantineId)) +
                                " WHERE id IN " + literals(drop.ids);
    const std::string places = "(SELECT version, arrayJoin([key, donor]) FROM " + changes + ")";
    which = fmt::format("(version, key) IN {0} OR (version, donor) IN {0}", places);
  }
  session.execute(
      fmt::format("INSERT INTO freshet.quarantine (table, version, key, donor, op, committed_at, reason, "
                  "contract, round, "
                  "done_round, outcome, note) SELECT table, version, key, donor, op, committed_at, reason, "
                  "contract, {0}, "
                  "{0}, {1}, {2} FROM {3} WHERE {4}",
                  round, quote_literal(to_string(Outcome::dropped)), quote_literal(drop.note),
                  newest("table, version, key, donor, op, committed_at, reason, contract"), which));
  look(session);
  return before - count_;
}

void Quarantine::begin_replay() {
  pass_.begin();
  met_.clear();
  met_cause_ = {};
}

void Quarantine::end_replay(Session& session) {
  pass_.end();
  unsettled_ = false;
  look(session);
  if (!any() || met_cause_.reason.empty()) return;
  first_.reason = met_cause_.reason;
  first_.hint = met_cause_.hint;
}

std::string Quarantine::ended_below(Version version) const {
  return fmt::format(
      "SELECT key FROM {} WHERE version < {} GROUP BY key HAVING argMax(op, version) IN ({}, {})",
      newest("key, version, op"), to_sql(version), static_cast<int>(Op::remove), static_cast<int>(Op::moved));
}

std::string Quarantine::spared_by(Version version) const {
  std::string keys =
      fmt::format("SELECT key FROM {} WHERE version >= {}", newest("key, version"), to_sql(version));
  if (mirror_.keeps()) keys += " UNION ALL " + ended_below(version);
  return keys;
}

}  // namespace freshet::load
