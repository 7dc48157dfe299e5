#include "load/verdict.h"

#include <fmt/format.h>

namespace freshet::load {
namespace {

std::string where(const Mirror& mirror, Version version) {
  return fmt::format("{} at {}", mirror.stream, to_string(version.commit()));
}

}  // namespace

std::optional<Verdict> judge_shape(const Mirror& mirror, const TableSchema& schema, Version at) {
  for (const contract::Finding& finding : contract::diff(mirror.contract, schema))
    if (contract::is_violation(finding.kind))
      return Verdict{Verdict::Action::stop_stream, where(mirror, at) + ": " + finding.text, finding.hint};
  return std::nullopt;
}

Verdict judge_value(const Mirror& mirror, const Batch::Record& record, const Refusal& refusal) {
  return {Verdict::Action::stop_stream,
          fmt::format("{}: a value of column '{}' {}", where(mirror, record.version),
                      mirror.columns[refusal.column].name, explain(refusal.why)),
          "mend the value at its source or the column's contract, then start freshet again: it goes on where "
          "it stopped"};
}

Verdict judge_missing(const Mirror& mirror, Version version) {
  return {
      Verdict::Action::stop_stream,
      where(mirror, version) + ": a value that didn't change wasn't sent, and the mirror has no earlier one",
      "snapshot the table again"};
}

}  // namespace freshet::load
