#include "parity/key_texts.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace freshet::parity {
namespace {

constexpr std::size_t kPortion = 1'000;  // keys, of one statement
constexpr auto kDeadline = std::chrono::minutes(1);

// A value of a type it isn't one of: "abc" as a uuid.
bool about_a_value(const postgres::SqlError& error) {
  return error.kind() == ErrorKind::data || error.kind() == ErrorKind::schema;
}

}  // namespace

std::vector<std::optional<KeyTexts::Texts>> KeyTexts::of(std::span<const DifferingKey> keys) {
  std::vector<std::optional<Texts>> texts;
  for (const DifferingKey& key : keys) texts.push_back(source_values(key.canonical, table_.key));
  for (std::size_t from = 0; from < keys.size(); from += kPortion) {
    const std::size_t count = std::min(kPortion, keys.size() - from);
    keep_those_read_alike(keys.subspan(from, count), std::span(texts).subspan(from, count));
  }
  return texts;
}

// One that the source can't read makes the statement fail: it is found by halves.
void KeyTexts::keep_those_read_alike(std::span<const DifferingKey> keys,
                                     std::span<std::optional<Texts>> texts) {
  if (std::ranges::none_of(texts, [](const auto& text) { return text.has_value(); })) return;
  try {
    const std::vector<std::optional<std::string>> read = as_the_source_reads(texts);
    for (std::size_t i = 0; i < keys.size(); ++i)
      if (read[i] != keys[i].canonical) texts[i].reset();
  } catch (const postgres::SqlError& error) {
    if (!about_a_value(error)) throw;
    if (keys.size() == 1) return texts.front().reset();
    const std::size_t half = keys.size() / 2;
    keep_those_read_alike(keys.first(half), texts.first(half));
    keep_those_read_alike(keys.subspan(half), texts.subspan(half));
  }
}

std::vector<std::optional<std::string>> KeyTexts::as_the_source_reads(
    std::span<const std::optional<Texts>> texts) {
  std::vector<std::string> rows, names{postgres::quote_identifier("asked as number")};
  for (std::size_t i = 0; i < texts.size(); ++i)
    if (texts[i]) rows.push_back(row_of(i, *texts[i]));
  for (const ComparedColumn& column : table_.key) names.push_back(postgres::quote_identifier(column.name));
  const postgres::Result result =
      source_.query(fmt::format("SELECT t.{}, {} FROM (VALUES {}) AS t ({})", names.front(),
                                source_text(table_.key), fmt::join(rows, ", "), fmt::join(names, ", ")),
                    {}, kDeadline);
  std::vector<std::optional<std::string>> read(texts.size());
  for (int row = 0; row < result.rows(); ++row)
    read.at(std::stoull(std::string(result.text(row, 0)))) = result.text(row, 1);
  return read;
}

std::string KeyTexts::row_of(std::size_t number, const Texts& texts) const {
  std::string row = fmt::format("({}", number);
  for (std::size_t i = 0; i < texts.size(); ++i)
    row += fmt::format(", {}::{}", postgres::quote_literal(texts[i]), table_.key[i].declared_type);
  return row + ")";
}

}  // namespace freshet::parity
