#include "parity/report.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json_text.h"
#include "base/utf8.h"

namespace freshet::parity {
namespace {

constexpr std::size_t kDifferencesListed = 100;

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

std::string repair_text(const TableReport& table) {
  if (!table.repaired) return {};
  const Repaired& repaired = *table.repaired;
  std::string text;
  if (repaired.asked() > 0)
    text += fmt::format(
        "  repaired: {} keys were read again ({} only in the source, {} only in the mirror, {} with other "
        "values): {} are mended, {} aren't\n",
        repaired.asked(), repaired.missing, repaired.extra, repaired.values, repaired.mended,
        repaired.asked() - repaired.mended);
  for (const std::string& left : repaired.left) text += fmt::format("  left alone: {}\n", printable(left));
  return text;
}

std::string repaired_json(const TableReport& table) {
  if (!table.repaired) return "null";
  const Repaired& repaired = *table.repaired;
  std::string left;
  for (const std::string& why : repaired.left) left += (left.empty() ? "" : ",") + json_string(why);
  return fmt::format(R"({{"missing":{},"extra":{},"values":{},"mended":{},"left":[{}]}})", repaired.missing,
                     repaired.extra, repaired.values, repaired.mended, left);
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

void TableReport::differs(Side side, std::string key, bool waits) {
  verdict = Verdict::different;
  ++different;
  explained += waits ? 1 : 0;
  if (differences.size() < kDifferencesListed) differences.push_back({std::move(key), side, waits});
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
    text += repair_text(table);
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
        "\"differences\":{},\"repaired\":{},\"cut\":\"{"
        "}\",\"reason\":{}}"
        "}",
        tables.empty() ? "" : ",", json_string(table.table), json_string(table.mirror),
        to_string(table.verdict), rows_json(table, table.source_rows), rows_json(table, table.mirror_rows),
        table.windows, table.rechecked, table.different, table.explained, table.undecided, table.quarantined,
        table.stream_waits, table.unswept, differences_json(table), repaired_json(table),
        to_string(table.cut), json_string(table.reason));
  }
  return fmt::format("{{\"verdict\":\"{}\",\"tables\":[{}]}}", to_string(report.verdict()), tables);
}

}  // namespace freshet::parity
