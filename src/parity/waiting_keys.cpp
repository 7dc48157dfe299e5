#include "parity/waiting_keys.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "adapter/clickhouse/quote.h"
#include "change/schema.h"
#include "change/text/pg_text.h"
#include "change/tuple.h"

namespace freshet::parity {
namespace {

constexpr std::uint64_t kPortion = 5'000;            // keys, of one statement on each side
constexpr std::uint64_t kKeysToldApart = 1'000'000;  // beyond, all of the stream waits
constexpr auto kDeadline = std::chrono::minutes(1);

// Of a change that waits has one row; when it has left, another with the round of that.
constexpr std::string_view kWaiting = R"(
(SELECT key, donor, schema, of_stream FROM (SELECT version, key, donor, schema, of_stream, done_round FROM freshet.quarantine
WHERE table = {t:String} ORDER BY version, key, round DESC, done_round DESC LIMIT 1 BY version, key) WHERE done_round = 0))";

std::string unhex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  return bytes;
}

std::optional<std::string> text_of(const Field& field, const PgType& type) {
  if (field.form == Form::text) return std::string(field.bytes);
  std::string text;
  if (field.form != Form::binary || !pg_text::append_text(text, type, field.bytes)) return std::nullopt;
  return text;
}

std::string types_of(const std::vector<ComparedColumn>& columns) {
  std::vector<std::string> types;
  for (const ComparedColumn& column : columns)
    types.push_back(clickhouse::quote_identifier(column.name) + " " + column.mirror_type);
  return fmt::format("{}", fmt::join(types, ", "));
}

}  // namespace

std::set<std::string> WaitingKeys::among(const std::vector<std::string>& keys) {
  const std::set<std::string> asked(keys.begin(), keys.end());
  if (all_wait()) return asked;
  std::set<std::string> waiting;
  const auto take = [&](const Keys& found) {
    for (const std::string& key : found)
      if (asked.contains(key)) waiting.insert(key);
  };
  std::string after;
  for (;;) {
    const std::vector<Kept> portion = next_portion(after);
    if (portion.empty()) return waiting;
    after = portion.back().hex;
    std::string in_form;
    std::vector<Values> came;
    for (const Kept& kept : portion) {
      if (auto values = values_of(kept))
        came.push_back(*std::move(values));
      else
        in_form += kept.hex;
    }
    take(in_mirrors_form(in_form));
    const std::optional<Keys> others = as_they_came(came);
    if (!others) return asked;
    take(*others);
  }
}

bool WaitingKeys::all_wait() {
  return mirror_.value(fmt::format("SELECT max(of_stream) > 0 OR uniqExact(key) > {} FROM {}", kKeysToldApart,
                                   kWaiting),
                       {.params = {clickhouse::text_param("t", table_.mirror_name)}, .timeout = kDeadline}) !=
         "0";
}

// A change of the key concerns the old one, too.
std::vector<WaitingKeys::Kept> WaitingKeys::next_portion(const std::string& after) {
  std::vector<Kept> portion;
  for (const auto& row : mirror_.rows(
           fmt::format(
               "SELECT hex(k), hex(any(if(startsWith(k, unhex('FF')), schema, ''))) FROM (SELECT "
               "arrayJoin([key, donor]) AS k, schema FROM {}) WHERE k > unhex({{after:String}}) GROUP "
               "BY k ORDER BY k LIMIT {}",
               kWaiting, kPortion),
           {.params = {clickhouse::text_param("t", table_.mirror_name),
                       clickhouse::text_param("after", after)},
            .timeout = kDeadline}))
    portion.push_back({row.at(0).value(), unhex(row.at(1).value())});
  return portion;
}

// Nothing for a key in the mirror's form, which may begin alike but isn't a tuple of that schema.
std::optional<WaitingKeys::Values> WaitingKeys::values_of(const Kept& kept) const {
  if (kept.schema.empty()) return std::nullopt;
  const TableSchema schema = decode_schema(kept.schema);
  const std::string tuple = unhex(kept.hex).substr(1);
  Values values(table_.key.size());
  try {
    TupleReader fields(tuple);
    for (const Column& column : schema.columns) {
      const Field field = fields.next();
      const auto in_key = std::ranges::find(table_.key, column.name, &ComparedColumn::name);
      if (in_key != table_.key.end())
        values[static_cast<std::size_t>(in_key - table_.key.begin())] = text_of(field, column.type);
    }
    if (!fields.at_end()) return std::nullopt;
  } catch (const Error&) {
    return std::nullopt;
  }
  return values;
}

WaitingKeys::Keys WaitingKeys::in_mirrors_form(const std::string& hex) {
  Keys keys;
  if (hex.empty()) return keys;
  for (const auto& row : mirror_.rows(
           fmt::format("SELECT {} FROM format(RowBinary, {}, unhex('{}'))", mirror_text(table_.key),
                       clickhouse::quote_literal(types_of(table_.key)), hex),
           {.settings = {{"max_query_size", "268435456"}, {"output_format_decimal_trailing_zeros", "0"}},
            .timeout = kDeadline}))
    keys.push_back(row.at(0).value());
  return keys;
}

// The source alone can tell what its text is in canonical form. Nothing where it can't any more, because the
// column is of another type by now.
std::optional<WaitingKeys::Keys> WaitingKeys::as_they_came(const std::vector<Values>& values) try {
  Keys keys;
  if (values.empty()) return keys;
  std::vector<std::string> rows, names;
  for (const Values& row : values) {
    std::vector<std::string> literals;
    for (std::size_t i = 0; i < row.size(); ++i) literals.push_back(source_literal(table_.key[i], row[i]));
    rows.push_back(fmt::format("({})", fmt::join(literals, ", ")));
  }
  for (const ComparedColumn& column : table_.key) names.push_back(postgres::quote_identifier(column.name));
  const postgres::Result result =
      source_.query(fmt::format("SELECT {} FROM (VALUES {}) AS t({})", source_text(table_.key),
                                fmt::join(rows, ", "), fmt::join(names, ", ")),
                    {}, kDeadline);
  for (int row = 0; row < result.rows(); ++row) keys.emplace_back(result.text(row, 0));
  return keys;
} catch (const postgres::SqlError& error) {
  if (error.kind() != ErrorKind::data && error.kind() != ErrorKind::schema) throw;
  return std::nullopt;
}

}  // namespace freshet::parity
