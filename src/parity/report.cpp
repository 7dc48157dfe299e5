#include "parity/report.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json_text.h"

namespace freshet::parity {
namespace {

std::string_view to_string(Side side) {
  switch (side) {
    case Side::only_in_source: return "only in the source";
    case Side::only_in_mirror: return "only in the mirror";
    case Side::values: return "values differ";
    case Side::rows: return "more than one row in the source";
  }
  return "";
}

std::string quoted(std::string_view text) {
  std::string json;
  append_json_string(json, text);
  return json;
}

// Each side is counted when it is read, and a table that lives is read at two moments.
std::string_view about_counts(const TableReport& table) {
  const bool moved = table.verdict == Verdict::equal && table.source_rows != table.mirror_rows;
  return moved ? "  (rows came and went between the two counts)" : "";
}

std::string differences_json(const TableReport& table) {
  std::string json;
  for (const Difference& difference : table.differences) {
    json += fmt::format("{}{{\"key\":{},\"what\":{}}}", json.empty() ? "" : ",", quoted(difference.key),
                        quoted(to_string(difference.side)));
  }
  return "[" + json + "]";
}

}  // namespace

std::string_view to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::equal: return "equal";
    case Verdict::undecided: return "undecided";
    case Verdict::different: return "different";
  }
  return "";
}

void TableReport::leave_undecided(std::uint64_t keys, const std::string& why) {
  verdict = std::max(verdict, Verdict::undecided);
  undecided += keys;
  if (reason.empty()) reason = why;
}

Verdict Report::verdict() const {
  Verdict worst = Verdict::equal;
  for (const TableReport& table : tables) worst = std::max(worst, table.verdict);
  return worst;
}

int Report::exit_status() const {
  switch (verdict()) {
    case Verdict::equal: return 0;
    case Verdict::different: return 1;
    case Verdict::undecided: return 2;
  }
  return 2;
}

std::string to_text(const Report& report) {
  std::size_t width = 5;
  for (const TableReport& table : report.tables) width = std::max(width, table.table.size());
  std::string text =
      fmt::format("{:<{}}  {:>12}  {:>12}  {:<9}\n", "table", width, "source rows", "mirror rows", "verdict");
  for (const TableReport& table : report.tables) {
    text += fmt::format("{:<{}}  {:>12}  {:>12}  {:<9}{}{}{}{}\n", table.table, width, table.source_rows,
                        table.mirror_rows, to_string(table.verdict),
                        table.different > 0 ? fmt::format("  {} keys", table.different) : "",
                        table.undecided > 0 ? fmt::format("  {} keys undecided", table.undecided) : "",
                        table.reason.empty() ? "" : "  " + table.reason, about_counts(table));
    for (const Difference& difference : table.differences) {
      text += fmt::format("  ({}): {}\n", difference.key, to_string(difference.side));
    }
  }
  return text + fmt::format("{} tables: {}\n", report.tables.size(), to_string(report.verdict()));
}

std::string to_json(const Report& report) {
  std::string tables;
  for (const TableReport& table : report.tables) {
    tables += fmt::format(
        "{}{{\"table\":{},\"mirror\":{},\"verdict\":\"{}\",\"source_rows\":{},\"mirror_rows\":{},\"windows\":"
        "{},"
        "\"rechecked\":{},\"different\":{},\"undecided\":{},\"differences\":{},\"cut\":\"{}\",\"reason\":{}}"
        "}",
        tables.empty() ? "" : ",", quoted(table.table), quoted(table.mirror), to_string(table.verdict),
        table.source_rows, table.mirror_rows, table.windows, table.rechecked, table.different,
        table.undecided, differences_json(table), to_string(table.cut), quoted(table.reason));
  }
  return fmt::format("{{\"verdict\":\"{}\",\"tables\":[{}]}}", to_string(report.verdict()), tables);
}

}  // namespace freshet::parity
