#include "load/round_log.h"

#include <fmt/format.h>

#include "adapter/clickhouse/quote.h"
#include "load/system_tables.h"

namespace freshet::load {
namespace {

using clickhouse::quote_literal;

std::uint64_t number(const clickhouse::Cell& cell) {
  return std::stoull(cell.value());
}

std::string ends_array(const journal::Ends& ends) {
  std::string text = "[";
  for (const auto& [partition, offset] : ends)
    text += fmt::format("{}({},{},{})", text.size() > 1 ? "," : "", quote_literal(partition.stream),
                        partition.number, offset.value());
  return text + "]";
}

std::string behind_array(const std::map<std::string, StreamCut>& behind) {
  std::string text = "[";
  const auto add = [&](const std::string& stream, const StreamCut& cut, std::int32_t partition,
                       journal::Offset offset) {
    text += fmt::format("{}({},{},{},{},{})", text.size() > 1 ? "," : "", quote_literal(stream), cut.epoch,
                        cut.commit_lsn.value(), partition, offset.value());
  };
  for (const auto& [stream, cut] : behind) {
    for (const auto& [partition, offset] : cut.ends) add(stream, cut, partition.number, offset);
    if (cut.ends.empty()) add(stream, cut, 0, journal::Offset());
  }
  return text + "]";
}

std::string in_part_array(const std::map<std::string, StreamCut>& in_part) {
  std::string text = "[";
  for (const auto& [stream, cut] : in_part)
    text += fmt::format("{}({},{},{},{})", text.size() > 1 ? "," : "", quote_literal(stream), cut.epoch,
                        cut.commit_lsn.value(), cut.committed_at);
  return text + "]";
}

}  // namespace

StreamCut Cut::of(const std::string& stream) const {
  const auto it = behind.find(stream);
  if (it != behind.end()) return it->second;
  StreamCut cut;
  for (auto end = mark.ends.lower_bound({stream, 0}); end != mark.ends.end() && end->first.stream == stream;
       ++end)
    cut.ends.insert(*end);
  if (cut.ends.empty()) return cut;
  cut.epoch = mark.epoch;
  cut.commit_lsn = mark.commit_lsn;
  cut.committed_at = mark.committed_at;
  return cut;
}

StreamCut Cut::whole(const std::string& stream) const {
  const auto it = in_part.find(stream);
  return it != in_part.end() ? it->second : of(stream);
}

journal::Ends Cut::positions() const {
  journal::Ends positions;
  for (const auto& end : mark.ends)
    if (!behind.contains(end.first.stream)) positions.insert(end);
  for (const auto& [stream, cut] : behind) positions.insert(cut.ends.begin(), cut.ends.end());
  return positions;
}

std::optional<Intent> RoundLog::newest(const char* table) {
  const auto rows = session_.rows(
      fmt::format("SELECT round, journal, generation, number, epoch, commit_lsn, "
                  "toUnixTimestamp64Micro(committed_at) FROM freshet.{} ORDER BY round DESC LIMIT 1",
                  table));
  if (rows.empty()) return std::nullopt;
  const auto& row = rows[0];
  Intent intent;
  intent.round = number(row[0]);
  intent.to.journal = row[1].value();
  intent.to.generation = Generation(number(row[2]));
  intent.to.number = number(row[3]);
  intent.to.epoch = static_cast<Epoch>(number(row[4]));
  intent.to.commit_lsn = Lsn(number(row[5]));
  intent.to.committed_at = std::stoll(row[6].value());
  for (const auto& end : session_.rows(fmt::format(
           "SELECT DISTINCT e.stream, e.partition, e.offset FROM freshet.{} ARRAY JOIN ends AS e WHERE "
           "round = {}",
           table, intent.round)))
    intent.to.ends[{end[0].value(), static_cast<std::int32_t>(std::stol(end[1].value()))}] =
        journal::Offset(number(end[2]));
  return intent;
}

std::optional<Cut> RoundLog::last_cut() {
  const std::optional<Intent> newest_cut = newest("cuts");
  if (!newest_cut) return std::nullopt;
  Cut cut{newest_cut->round, newest_cut->to, {}, {}};
  for (const auto& row : session_.rows(fmt::format(
           "SELECT DISTINCT b.stream, b.epoch, b.commit_lsn, b.partition, b.offset FROM freshet.cuts "
           "ARRAY JOIN behind AS b WHERE round = {}",
           cut.round))) {
    StreamCut& stream = cut.behind[row[0].value()];
    stream.epoch = static_cast<Epoch>(number(row[1]));
    stream.commit_lsn = Lsn(number(row[2]));
    stream.ends[{row[0].value(), static_cast<std::int32_t>(std::stol(row[3].value()))}] =
        journal::Offset(number(row[4]));
  }
  for (auto& [name, stream] : cut.behind) stream.committed_at = committed_at(stream);
  for (const auto& row : session_.rows(
           fmt::format("SELECT DISTINCT p.stream, p.epoch, p.commit_lsn, p.committed_at FROM freshet.cuts "
                       "ARRAY JOIN in_part AS p WHERE round = {}",
                       cut.round)))
    cut.in_part[row[0].value()] = {
        static_cast<Epoch>(number(row[1])), Lsn(number(row[2])), std::stoll(row[3].value()), {}};
  return cut;
}

// A stream stands where the common cut once was. Of one that has stood for longer than cuts are kept: when
// the oldest that is left committed, which was later.
Micros RoundLog::committed_at(const StreamCut& cut) {
  if (cut.commit_lsn == Lsn()) return 0;
  const std::string reached =
      fmt::format("(epoch, commit_lsn) <= ({}, {})", cut.epoch, cut.commit_lsn.value());
  return std::stoll(
      session_
          .rows(fmt::format("SELECT toUnixTimestamp64Micro(if(countIf({0}) > 0, maxIf(committed_at, {0}), "
                            "min(committed_at))) FROM freshet.cuts",
                            reached))[0][0]
          .value());
}

std::optional<Intent> RoundLog::open_intent() {
  std::optional<Intent> intent = newest("intents");
  const std::optional<Intent> cut = newest("cuts");
  if (!intent || (cut && cut->round >= intent->round)) return std::nullopt;
  return intent;
}

void RoundLog::intend(const Intent& intent) {
  write("intents", intent.round, intent.to, "", "");
}

Durable<journal::Ends> RoundLog::record(const Cut& cut) {
  write("cuts", cut.round, cut.mark, ", behind, in_part",
        ", " + behind_array(cut.behind) + ", " + in_part_array(cut.in_part));
  return confirm(cut.positions());
}

void RoundLog::write(const char* table, std::uint64_t round, const journal::Watermark& mark,
                     const std::string& columns, const std::string& values) {
  const clickhouse::Summary summary = session_.execute(
      fmt::format("INSERT INTO freshet.{} (round, term, journal, generation, number, epoch, commit_lsn, "
                  "committed_at, ends{}) "
                  "SELECT {}, {}, {}, {}, {}, {}, {}, fromUnixTimestamp64Micro(toInt64({}), 'UTC'), {}{} {}",
                  table, columns, round, lead_.term(), quote_literal(mark.journal), mark.generation.value(),
                  mark.number, mark.epoch, mark.commit_lsn.value(), mark.committed_at, ends_array(mark.ends),
                  values, lead_.condition()));
  // Under a lower term the statement writes nothing. Not every server counts what it wrote: then we look.
  if (summary.written_rows == 0 &&
      session_.number(fmt::format("SELECT count() FROM freshet.{} WHERE round = {} AND term = {}", table,
                                  round, lead_.term())) == 0)
    throw Error(ErrorKind::identity,
                fmt::format("another load has taken the lead from term {}", lead_.term()),
                "this process ends; start it again to have it stand by");
}

void RoundLog::trim(std::uint64_t round) {
  if (round % kRoundsPerPartition != 0 || round < 2 * kRoundsPerPartition) return;
  for (const char* table : {"intents", "cuts"})
    session_.execute(
        fmt::format("ALTER TABLE freshet.{} DROP PARTITION {}", table, round / kRoundsPerPartition - 2));
}

}  // namespace freshet::load
