#include "parity/sides.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>

namespace freshet::parity {
namespace {

constexpr std::chrono::minutes kStatementDeadline{10};

std::uint64_t number(std::string_view text) {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// 60 bits of an MD5 in hex, as a number: fits a bigint, and sums of it don't overflow before 2^68 rows.
std::string source_bits(std::string_view md5, int from) {
  return fmt::format("('x' || substr({}, {}, 15))::bit(60)::bigint", md5, from);
}

std::string mirror_bits(std::string_view md5, int from_byte) {
  return fmt::format("bitShiftRight(reinterpretAsUInt64(reverse(substring({}, {}, 8))), 4)", md5, from_byte);
}

std::string literals(const std::vector<std::string>& keys, std::string (*quote)(std::string_view)) {
  std::string list;
  for (const std::string& key : keys) list += (list.empty() ? "" : ", ") + quote(key);
  return list;
}

std::string chosen(const Choice& choice, std::string_view bucket, std::string_view key,
                   std::string (*quote)(std::string_view)) {
  if (!choice.keys.empty()) return fmt::format("{} IN ({})", key, literals(choice.keys, quote));
  return fmt::format("{} IN ({})", bucket, fmt::join(choice.buckets, ", "));
}

// A version's commit LSN: 56 bits, above the 64 of the change LSN.
std::string commit_of(std::string_view version) {
  return fmt::format("toUInt64(bitAnd(bitShiftRight({}, 64), toUInt128(72057594037927935)))", version);
}

// Lists of keys make long statements.
clickhouse::With judging() {
  return {.settings = {{"max_query_size", "16777216"}, {"output_format_decimal_trailing_zeros", "0"}},
          .timeout = kStatementDeadline};
}

}  // namespace

SourceSide::SourceSide(postgres::Connection& connection, const ComparedTable& table)
    : connection_(connection) {
  hashed_ = fmt::format(
      "SELECT k, {} % {} AS bucket, md5(convert_to(r, 'UTF8')) AS h FROM (SELECT {} AS k, {} AS r FROM {} "
      "WHERE ",
      source_bits("md5(convert_to(k, 'UTF8'))", 1), kBuckets, source_text(table.key),
      source_text(table.columns), table.source_from);
}

Buckets SourceSide::buckets(const Window& window) {
  const std::string sql =
      fmt::format("SELECT bucket, count(*), sum({}), sum({}) FROM ({}{}) x) s GROUP BY bucket",
                  source_bits("h", 1), source_bits("h", 17), hashed_, window.source_where);
  const postgres::Result rows = connection_.query(sql, {}, kStatementDeadline);
  Buckets buckets;
  for (int row = 0; row < rows.rows(); ++row) {
    buckets[number(rows.text(row, 0))] = {std::string(rows.text(row, 1)), std::string(rows.text(row, 2)),
                                          std::string(rows.text(row, 3))};
  }
  return buckets;
}

Listing SourceSide::list(const Window& window, const Choice& choice) {
  const std::string sql = fmt::format("SELECT k, h FROM ({}{}) x) s WHERE {}", hashed_, window.source_where,
                                      chosen(choice, "bucket", "k", postgres::quote_literal));
  const postgres::Result rows = connection_.query(sql, {}, kStatementDeadline);
  Listing listing;
  for (int row = 0; row < rows.rows(); ++row) listing.emplace(rows.text(row, 0), rows.text(row, 1));
  return listing;
}

MirrorSide::MirrorSide(clickhouse::Client& client, const ComparedTable& table)
    : client_(client),
      mirror_(table.mirror_name),
      raw_(clickhouse::quote_table("raw", table.mirror_name)),
      key_text_(mirror_text(table.key)) {
  hashed_ = fmt::format("SELECT {} AS __key, {} % {} AS __bucket, MD5({}) AS __row FROM {} WHERE {} AND ",
                        key_text_, mirror_bits("MD5(__key)", 1), kBuckets, mirror_text(table.columns),
                        clickhouse::quote_table("src", table.mirror_name), table.mirror_rows);
}

Buckets MirrorSide::buckets(const Window& window) {
  const std::string sql = fmt::format(
      "SELECT __bucket, count(), sum(toUInt128({})), sum(toUInt128({})) FROM ({}{}) GROUP BY __bucket",
      mirror_bits("__row", 1), mirror_bits("__row", 9), hashed_, window.mirror_where);
  Buckets buckets;
  for (const auto& row : client_.rows(sql, judging())) {
    buckets[number(row.at(0).value())] = {row.at(1).value(), row.at(2).value(), row.at(3).value()};
  }
  return buckets;
}

Listing MirrorSide::list(const Window& window, const Choice& choice) {
  const std::string sql =
      fmt::format("SELECT __key, lower(hex(__row)) FROM ({}{}) WHERE {}", hashed_, window.mirror_where,
                  chosen(choice, "__bucket", "__key", clickhouse::quote_literal));
  Listing listing;
  for (const auto& row : client_.rows(sql, judging())) listing.emplace(row.at(0).value(), row.at(1).value());
  return listing;
}

Lsn MirrorSide::last_truncate() {
  return Lsn(number(
      client_.value("SELECT " + commit_of("max(version)") + " FROM freshet.floors WHERE table = {t:String}",
                    {.params = {clickhouse::text_param("t", mirror_)}})));
}

std::map<std::string, Lsn> MirrorSide::last_commits(const Window& window,
                                                    const std::vector<std::string>& keys) {
  const std::string sql = fmt::format(
      "SELECT {} AS __key, {} FROM {} WHERE {} AND __key IN ({}) GROUP BY __key", key_text_,
      commit_of("max(_version)"), raw_, window.mirror_where, literals(keys, clickhouse::quote_literal));
  std::map<std::string, Lsn> commits;
  for (const auto& row : client_.rows(sql, judging()))
    commits.emplace(row.at(0).value(), Lsn(number(row.at(1).value())));
  return commits;
}

}  // namespace freshet::parity
