#include "capture/signals.h"

#include <fmt/format.h>

#include <charconv>
#include <vector>

#include "adapter/postgres/connection.h"
#include "change/tuple.h"

namespace freshet::capture {
namespace {

std::vector<std::string_view> words(std::string_view text) {
  std::vector<std::string_view> found;
  while (!text.empty()) {
    const std::size_t end = text.find(' ');
    found.push_back(text.substr(0, end));
    text = end == std::string_view::npos ? "" : text.substr(end + 1);
  }
  return found;
}

bool read_number(std::string_view text, std::int64_t& number) {
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  return failed == std::errc() && end == text.data() + text.size();
}

Column column(std::string_view name, std::string_view type, std::uint32_t oid, bool key) {
  Column column;
  column.name = name;
  column.type = builtin_type(oid, -1);
  column.type.name = type;
  column.key = key;
  column.nullable = false;
  return column;
}

}  // namespace

Signal parse_signal(std::string_view content) {
  const auto word = words(content);
  if (content == "mark") return Mark{};
  if (word.size() == 3 && word[0] == "beat") return Beat{std::string(word[1]), std::string(word[2])};
  if (word.size() == 4 && word[0] == "canary") {
    Canary canary{std::string(word[1])};
    if (read_number(word[2], canary.id) && read_number(word[3], canary.emitted_at)) return canary;
  }
  return {};
}

std::string to_text(const Beat& beat) {
  return fmt::format("beat {} {}", beat.slot_generation, beat.nonce);
}

// Transactional: what isn't leaves no commit record, and nothing flushes it while the database is idle.
std::string emit_beat_sql(const Beat& beat) {
  return fmt::format("SELECT pg_logical_emit_message(true, '{}', {})", kSignalPrefix,
                     postgres::quote_literal(to_text(beat)));
}

std::string emit_canary_sql(std::string_view slot_generation, std::int64_t id) {
  return fmt::format(
      "SELECT pg_logical_emit_message(true, '{}', {} || (extract(epoch FROM clock_timestamp()) * "
      "1000000)::bigint)",
      kSignalPrefix, postgres::quote_literal(fmt::format("canary {} {} ", slot_generation, id)));
}

const TableSchema& canary_schema() {
  static const TableSchema schema = [] {
    TableSchema table;
    table.schema = "freshet";
    table.table = "canary";
    table.columns = {column("id", "bigint", 20, true),
                     column("emitted_at", "timestamp with time zone", 1184, false)};
    return table;
  }();
  return schema;
}

std::string canary_row(const Canary& canary) {
  constexpr Micros kPostgresEpoch = 946'684'800'000'000;  // 2000-01-01
  std::string id;
  std::string emitted_at;
  append_be(id, canary.id);
  append_be(emitted_at, canary.emitted_at - kPostgresEpoch);
  std::string row;
  append_field(row, {Form::binary, id});
  append_field(row, {Form::binary, emitted_at});
  return row;
}

}  // namespace freshet::capture
