#include "parity/report.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json_text.h"
#include "base/utf8.h"

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

std::string json_string(std::string_view text) {
  std::string json;
  append_json_string(json, text);
  return json;
}

// Each side is counted when it is read, and a table that lives is read at two moments.
std::string_view about_counts(const TableReport& table) {
  const bool moved = table.verdict == Verdict::equal && table.source_rows != table.mirror_rows;
  return moved ? "  (rows came and went between the two counts)" : "";
}

std::string about_quarantine(const TableReport& table) {
  if (table.quarantined == 0) return {};
  return (table.quarantined == 1 ? "  1 change waits in quarantine"
                                 : fmt::format("  {} changes wait in quarantine", table.quarantined)) +
         (table.stream_waits ? ": those of the whole stream, which breaks its contract" : "");
}

// What nothing in quarantine explains is what somebody has to look at.
std::string about_differences(const TableReport& table) {
  if (table.different == 0) return {};
  if (table.explained == 0) return fmt::format("  {} keys", table.different);
  return fmt::format("  {} keys, {} of them for what waits in quarantine", table.different, table.explained);
}

std::string about_sweep(const TableReport& table) {
  if (table.unswept == 0) return {};
  return fmt::format("  {} rows wait for a sweep, or were kept from one (freshet sweep list)", table.unswept);
}

std::string rows_text(const TableReport& table, std::uint64_t rows) {
  return table.counted() ? std::to_string(rows) : "-";
}

std::string rows_json(const TableReport& table, std::uint64_t rows) {
  return table.counted() ? std::to_string(rows) : "null";
}

std::string differences_json(const TableReport& table) {
  std::string json;
  for (const Difference& difference : table.differences) {
    json +=
        fmt::format("{}{{\"key\":{},\"what\":{},\"quarantined\":{}}}", json.empty() ? "" : ",",
                    json_string(difference.key), json_string(to_string(difference.side)), difference.waits);
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
  for (const TableReport& table : report.tables) width = std::max(width, printable(table.table).size());
  std::string text =
      fmt::format("{:<{}}  {:>12}  {:>12}  {:<9}\n", "table", width, "source rows", "mirror rows", "verdict");
  for (const TableReport& table : report.tables) {
    text += fmt::format("{:<{}}  {:>12}  {:>12}  {:<9}{}{}{}{}{}{}\n", printable(table.table), width,
                        rows_text(table, table.source_rows), rows_text(table, table.mirror_rows),
                        to_string(table.verdict), about_differences(table),
                        table.undecided > 0 ? fmt::format("  {} keys undecided", table.undecided) : "",
                        about_quarantine(table), about_sweep(table),
                        table.reason.empty() ? "" : "  " + printable(table.reason), about_counts(table));
    for (const Difference& difference : table.differences) {
      text += fmt::format("  ({}): {}{}\n", printable(difference.key), to_string(difference.side),
                          difference.waits ? ", in quarantine" : "");
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
        "\"rechecked\":{},\"different\":{},\"explained\":{},\"undecided\":{},\"quarantined\":{},\"stream_"
        "waits\":{},\"unswept\":{"
        "},"
        "\"differences\":{},\"cut\":\"{"
        "}\",\"reason\":{}}"
        "}",
        tables.empty() ? "" : ",", json_string(table.table), json_string(table.mirror),
        to_string(table.verdict), rows_json(table, table.source_rows), rows_json(table, table.mirror_rows),
        table.windows, table.rechecked, table.different, table.explained, table.undecided, table.quarantined,
        table.stream_waits, table.unswept, differences_json(table), to_string(table.cut),
        json_string(table.reason));
  }
  return fmt::format("{{\"verdict\":\"{}\",\"tables\":[{}]}}", to_string(report.verdict()), tables);
}

}  // namespace freshet::parity
