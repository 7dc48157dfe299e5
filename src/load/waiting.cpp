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
  session.remove("freshet.waiting", fmt::format("table = {} AND (round > {} OR done_round > {})",
                                                quote_literal(mirror_.name()), cut, cut));
  keys_.clear();
  count_ = session.number("SELECT count() FROM freshet.waiting FINAL WHERE " + open());
  const std::string answer = session.select(fmt::format(
      "SELECT DISTINCT arrayJoin([key, donor]) FROM freshet.waiting FINAL WHERE {} FORMAT RowBinary",
      open()));
  for (ByteReader from(answer); !from.at_end();) keys_.insert(std::hash<std::string_view>{}(read_text(from)));
}

void Waiting::forget_done(Session& session, std::uint64_t round) {
  const std::string done = fmt::format(
      "table = {} AND (key, version) IN (SELECT key, version FROM freshet.waiting "
      "WHERE table = {} AND done_round != 0 AND done_round < {})",
      quote_literal(mirror_.name()), quote_literal(mirror_.name()), round);
  if (session.number("SELECT count() FROM freshet.waiting WHERE " + done) > 0)
    session.execute("DELETE FROM freshet.waiting WHERE " + done);
}

void Waiting::give_up(Session& session, std::uint64_t round) {
  if (!any() || round == 0) return;
  session.execute(fmt::format(
      "INSERT INTO freshet.waiting (table, version, key, donor, op, committed_at, round, done_round) "
      "SELECT table, version, key, donor, op, committed_at, {0}, {0} FROM freshet.waiting WHERE {1}",
      round, open()));
  keys_.clear();
  count_ = 0;
}

std::optional<std::vector<HeldChange>> Waiting::recall(Session& session, std::span<const std::string> keys,
                                                       HeldSchemas& schemas, std::size_t bytes_max) const {
  std::vector<HeldChange> entries;
  std::size_t bytes = 0;
  std::set<std::pair<std::string, Version>> seen;
  std::set<std::string> asked(keys.begin(), keys.end());
  for (std::vector<std::string> ask(asked.begin(), asked.end()); !ask.empty();) {
    const std::string set = text_set(ask);
    const std::optional<std::string> answer = session.select_within(
        bytes_max - bytes,
        fmt::format(
            "SELECT {} FROM freshet.waiting FINAL WHERE {} AND (key IN {} OR donor IN {}) ORDER BY version "
            "FORMAT RowBinary",
            kHeldRead, open(), set, set),
        kLargeStatement);
    if (!answer) return std::nullopt;
    bytes += answer->size();
    ask.clear();
    for (ByteReader from(*answer); !from.at_end();) {
      HeldChange entry = read_held(from, schemas);
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

std::optional<std::vector<HeldChange>> Waiting::first_rows(Session& session, const std::string& after,
                                                           std::size_t limit, HeldSchemas& schemas,
                                                           std::size_t bytes_max) const {
  const std::optional<std::string> answer = session.select_within(
      bytes_max, fmt::format("SELECT {} FROM freshet.waiting FINAL WHERE {} AND key > {} AND row != '' ORDER "
                             "BY key, version LIMIT 1 BY key LIMIT {} FORMAT RowBinary",
                             kHeldRead, open(), quote_literal(after), limit));
  if (!answer) return std::nullopt;
  std::vector<HeldChange> changes;
  for (ByteReader from(*answer); !from.at_end();) changes.push_back(read_held(from, schemas));
  return changes;
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
  append_held(to, mirror, key, donor, record);
  append_le(to, round);
  append_le(to, done ? round : std::uint64_t{0});
}

Insert Waiting::insert(std::string rows) {
  return {fmt::format("INSERT INTO freshet.waiting ({}, round, done_round) FORMAT RowBinary", kHeldWritten),
          std::move(rows)};
}

}  // namespace freshet::load
