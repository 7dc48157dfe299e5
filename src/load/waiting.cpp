#include "load/waiting.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "adapter/clickhouse/quote.h"
#include "base/check.h"
#include "load/row_binary.h"

namespace freshet::load {
namespace {

using clickhouse::quote_literal;

Waiting::Entry read_entry(ByteReader& from) {
  Waiting::Entry entry;
  entry.key = read_text(from);
  entry.donor = read_text(from);
  entry.op = static_cast<Op>(from.le<std::uint8_t>());
  entry.version = read_version(from);
  entry.committed_at = from.le<Micros>();
  entry.schema = decode_schema(read_text(from));
  entry.old = read_text(from);
  entry.row = read_text(from);
  return entry;
}

}  // namespace

// An entry is two rows in the end: one from when it began, one from when it was resolved.
std::string Waiting::open() const {
  const std::string of = "table = " + quote_literal(mirror_.name());
  return fmt::format(
      "{} AND done_round = 0 AND (key, version) NOT IN (SELECT key, version FROM freshet.waiting "
      "WHERE {} AND done_round != 0)",
      of, of);
}

void Waiting::load(Session& session, std::uint64_t cut) {
  const std::string unfinished =
      fmt::format("table = {} AND (round > {} OR done_round > {})", quote_literal(mirror_.name()), cut, cut);
  if (session.number("SELECT count() FROM freshet.waiting WHERE " + unfinished) > 0)
    session.execute("DELETE FROM freshet.waiting WHERE " + unfinished);
  keys_.clear();
  count_ = 0;
  const std::string answer = session.select(
      fmt::format("SELECT key, donor FROM freshet.waiting FINAL WHERE {} FORMAT RowBinary", open()));
  for (ByteReader from(answer); !from.at_end();) {
    const std::string_view key = read_text(from);
    begins(key, read_text(from));
  }
}

void Waiting::forget_done(Session& session, std::uint64_t round) {
  const std::string done = fmt::format(
      "table = {} AND (key, version) IN (SELECT key, version FROM freshet.waiting "
      "WHERE table = {} AND done_round != 0 AND done_round < {})",
      quote_literal(mirror_.name()), quote_literal(mirror_.name()), round);
  if (session.number("SELECT count() FROM freshet.waiting WHERE " + done) > 0)
    session.execute("DELETE FROM freshet.waiting WHERE " + done);
}

std::vector<Waiting::Entry> Waiting::recall(Session& session, std::span<const std::string> keys) const {
  std::vector<Entry> entries;
  std::set<std::pair<std::string, Version>> seen;
  std::set<std::string> asked(keys.begin(), keys.end());
  for (std::vector<std::string> ask(asked.begin(), asked.end()); !ask.empty();) {
    const std::string set = text_set(ask);
    const std::string answer = session.select(
        fmt::format(
            "SELECT key, donor, op, version, committed_at, schema, old, row FROM freshet.waiting FINAL "
            "WHERE {} AND (key IN {} OR donor IN {}) ORDER BY version FORMAT RowBinary",
            open(), set, set),
        kLargeStatement);
    ask.clear();
    for (ByteReader from(answer); !from.at_end();) {
      Entry entry = read_entry(from);
      if (!seen.emplace(entry.key, entry.version).second) continue;
      for (const std::string& key : {entry.key, entry.donor})
        if (asked.insert(key).second) ask.push_back(key);
      entries.push_back(std::move(entry));
    }
  }
  return entries;
}

std::vector<std::string> Waiting::keys(Session& session, const std::string& after, std::size_t limit) const {
  const std::string answer = session.select(fmt::format(
      "SELECT DISTINCT key FROM freshet.waiting FINAL WHERE {} AND key > {} ORDER BY key LIMIT {} FORMAT "
      "RowBinary",
      open(), quote_literal(after), limit));
  std::vector<std::string> keys;
  for (ByteReader from(answer); !from.at_end();) keys.emplace_back(read_text(from));
  return keys;
}

void Waiting::begins(std::string_view key, std::string_view donor) {
  keys_.insert(std::hash<std::string_view>{}(key));
  keys_.insert(std::hash<std::string_view>{}(donor));
  ++count_;
}

void Waiting::ends() {
  CHECK(count_ > 0);
  if (--count_ == 0) keys_.clear();
}

void Waiting::append_row(std::string& to, const Mirror& mirror, std::string_view key, std::string_view donor,
                         const Batch::Record& record, std::uint64_t round, bool done) {
  append_text(to, mirror.name());
  append_version(to, record.version);
  append_text(to, key);
  append_text(to, donor);
  append_le(to, static_cast<std::uint8_t>(record.op));
  append_le(to, record.committed_at);
  append_text(to, encode_schema(*record.schema));
  append_text(to, record.old);
  append_text(to, record.row);
  append_le(to, round);
  append_le(to, done ? round : std::uint64_t{0});
}

Insert Waiting::insert(std::string rows) {
  return {
      "INSERT INTO freshet.waiting (table, version, key, donor, op, committed_at, schema, old, row, round, "
      "done_round) "
      "FORMAT RowBinary",
      std::move(rows)};
}

}  // namespace freshet::load
