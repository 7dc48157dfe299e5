#include "load/verdict.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/shell_word.h"
namespace freshet::load {
namespace {

std::string where(const Mirror& mirror, Version version) {
  return fmt::format("{} at {}", mirror.stream, to_string(version.commit()));
}

// A key has no NULL, and ClickHouse alters nothing that a mirror is ordered by.
std::string way_out_of_key(const Mirror& mirror) {
  return fmt::format(
      "give the column, which is of the key, clickhouse_type: String in its contract, and the contract "
      "another "
      "mirror (`name` in its schema), since ClickHouse can't alter what a mirror is ordered by; start "
      "freshet "
      "again, then freshet snapshot {}",
      shell_word(mirror.stream));
}

}  // namespace

std::optional<Verdict> judge_shape(const Mirror& mirror, const TableSchema& schema, Version at) {
  for (const contract::Finding& finding : contract::diff(mirror.contract, schema))
    if (contract::is_violation(finding.kind))
      return Verdict{where(mirror, at) + ": " + finding.text, finding.hint, true};
  return std::nullopt;
}

Verdict judge_older(const Mirror& mirror, Verdict of_shape, bool tells_key) {
  of_shape.hint += fmt::format(
      "; or, where the contract has followed the table since: freshet snapshot {0} supersedes the change, "
      "and freshet quarantine drop {0} ID --because TEXT gives it up",
      shell_word(mirror.stream));
  of_shape.of_stream = of_shape.of_stream && !tells_key;
  return of_shape;
}

Verdict judge_value(const Mirror& mirror, const Batch::Record& record, const Refusal& refusal) {
  const bool halts = mirror.contract.on_violation == contract::OnViolation::halt;
  const bool of_key = std::ranges::find(mirror.key, refusal.column) != mirror.key.end();
  std::string reason = fmt::format("{}: a value of column '{}' {}", where(mirror, record.version),
                                   mirror.columns[refusal.column].name, explain(refusal.why));
  if (of_key && fits_as_text(refusal.why)) return {std::move(reason), way_out_of_key(mirror)};
  return {std::move(reason), fmt::format("{}, then start freshet again: {}", way_out(refusal.why),
                                         halts ? "it goes on where it stopped" : "what waits is replayed")};
}

Verdict judge_missing(const Mirror& mirror, Version version) {
  return {
      where(mirror, version) + ": a value that didn't change wasn't sent, and the mirror has no earlier one",
      "freshet snapshot " + shell_word(mirror.stream)};
}

}  // namespace freshet::load
