#include "parity/sides.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>

namespace freshet::parity {
namespace {

constexpr std::chrono::minutes kStatementDeadline{10};

std::uint64_t number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failed != std::errc() || end != text.data() + text.size())
    throw Error(ErrorKind::data, fmt::format("'{}' isn't the number that was asked for", text));
  return value;
}

// 60 bits of an MD5 in hex, as a number. Sums of them are numeric, and cut to 64 bits as ClickHouse's are.
std::string source_bits(std::string_view md5, int from) {
  return fmt::format("('x' || substr({}, {}, 15))::bit(60)::bigint", md5, from);
}

std::string source_hash(std::string_view key) {
  return source_bits(fmt::format("md5(convert_to({}, 'UTF8'))", key), 1);
}

std::string mirror_bits(std::string_view md5, int from_byte) {
  return fmt::format("bitShiftRight(reinterpretAsUInt64(reverse(substring({}, {}, 8))), 4)", md5, from_byte);
}

std::string mirror_hash(std::string_view key) {
  return mirror_bits(fmt::format("MD5({})", key), 1);
}

std::string source_tally() {
  constexpr const char* kTally = "count(*), sum({}) % 18446744073709551616, sum({}) % 18446744073709551616";
  return fmt::format(kTally, source_bits("h", 1), source_bits("h", 17));
}

Tally tally_at(const postgres::Result& rows, int row) {
  return {number(rows.text(row, 1)), number(rows.text(row, 2)), number(rows.text(row, 3))};
}

// Sums of UInt64 wrap around.
std::string mirror_tally() {
  return fmt::format("count(), sum({}), sum({})", mirror_bits("__row", 1), mirror_bits("__row", 9));
}

Tally tally_at(const std::vector<clickhouse::Cell>& row) {
  return {number(row.at(1).value()), number(row.at(2).value()), number(row.at(3).value())};
}

std::string in_slice(const Slice& slice, std::string_view hash) {
  if (slice.whole()) return "";
  return fmt::format(" AND {} % {} IN ({})", hash, slice.modulus, fmt::join(slice.residues, ", "));
}

// A version's commit LSN: 56 bits, above the 64 of the change LSN.
std::string commit_of(std::string_view version) {
  return fmt::format("toUInt64(bitAnd(bitShiftRight({}, 64), toUInt128(72057594037927935)))", version);
}

// Slices make long statements.
clickhouse::With judging() {
  return {.settings = {{"max_query_size", "16777216"}, {"output_format_decimal_trailing_zeros", "0"}},
          .timeout = kStatementDeadline};
}

void check_listed(const Listing& listing, std::uint64_t keys_max, const std::string& where) {
  if (listing.size() <= keys_max) return;
  throw Error(ErrorKind::capacity,
              fmt::format("more than {} keys of {} would have to be listed at once", keys_max, where),
              "the table grew while it was compared; compare again");
}

}  // namespace

SourceSide::SourceSide(postgres::Connection& connection, const ComparedTable& table)
    : connection_(connection),
      key_(source_text(table.key)),
      row_(source_text(table.columns)),
      from_(table.source_from) {}

// k, the key's text, and h, the row's MD5. OFFSET 0 keeps PostgreSQL from making the row's text anew for each
// use of its MD5.
std::string SourceSide::rows_of(const Window& window, const Slice& slice) const {
  return fmt::format("(SELECT {} AS k, md5(convert_to({}, 'UTF8')) AS h FROM {} WHERE {}{} OFFSET 0) AS s",
                     key_, row_, from_, window.source_where, in_slice(slice, source_hash(key_)));
}

Sums SourceSide::sums(const Window& window, const Slice& slice, std::uint64_t modulus) {
  const postgres::Result rows =
      connection_.query(fmt::format("SELECT {} % {}, {} FROM {} GROUP BY 1", source_hash("k"), modulus,
                                    source_tally(), rows_of(window, slice)),
                        {}, kStatementDeadline);
  Sums sums;
  for (int row = 0; row < rows.rows(); ++row) sums.emplace(number(rows.text(row, 0)), tally_at(rows, row));
  return sums;
}

Listing SourceSide::list(const Window& window, const Slice& slice, std::uint64_t keys_max) {
  const postgres::Result rows =
      connection_.query(fmt::format("SELECT k, {}, {} FROM {} GROUP BY k LIMIT {}", source_tally(),
                                    source_hash("k"), rows_of(window, slice), keys_max + 1),
                        {}, kStatementDeadline);
  Listing listing;
  for (int row = 0; row < rows.rows(); ++row)
    listing.emplace(rows.text(row, 0), Listed{number(rows.text(row, 4)), tally_at(rows, row)});
  check_listed(listing, keys_max, "the source");
  return listing;
}

MirrorSide::MirrorSide(clickhouse::Client& client, const ComparedTable& table)
    : client_(client),
      mirror_(table.mirror_name),
      key_(mirror_text(table.key)),
      row_(mirror_text(table.columns)),
      from_(fmt::format("{} WHERE {}", clickhouse::quote_table("src", table.mirror_name), table.mirror_rows)),
      raw_(clickhouse::quote_table("raw", table.mirror_name)) {}

std::string MirrorSide::rows_of(const Window& window, const Slice& slice) const {
  return fmt::format("(SELECT {} AS __key, {} AS __hash, MD5({}) AS __row FROM {} AND {}{})", key_,
                     mirror_hash("__key"), row_, from_, window.mirror_where, in_slice(slice, "__hash"));
}

Sums MirrorSide::sums(const Window& window, const Slice& slice, std::uint64_t modulus) {
  const std::string sql = fmt::format("SELECT __hash % {} AS __residue, {} FROM {} GROUP BY __residue",
                                      modulus, mirror_tally(), rows_of(window, slice));
  Sums sums;
  for (const auto& row : client_.rows(sql, judging())) sums.emplace(number(row.at(0).value()), tally_at(row));
  return sums;
}

Listing MirrorSide::list(const Window& window, const Slice& slice, std::uint64_t keys_max) {
  const std::string sql = fmt::format("SELECT __key, {}, __hash FROM {} GROUP BY __key, __hash LIMIT {}",
                                      mirror_tally(), rows_of(window, slice), keys_max + 1);
  Listing listing;
  for (const auto& row : client_.rows(sql, judging()))
    listing.emplace(row.at(0).value(), Listed{number(row.at(4).value()), tally_at(row)});
  check_listed(listing, keys_max, "the mirror");
  return listing;
}

Lsn MirrorSide::last_truncate() {
  return Lsn(number(
      client_.value("SELECT " + commit_of("max(version)") + " FROM freshet.floors WHERE table = {t:String}",
                    {.params = {clickhouse::text_param("t", mirror_)}})));
}

std::vector<std::uint64_t> MirrorSide::changed_since(Lsn lsn, const Window& window, const Slice& slice) {
  const std::string sql = fmt::format(
      "SELECT DISTINCT {} AS __hash FROM {} WHERE {} AND {} >= {}{} ORDER BY __hash", mirror_hash(key_), raw_,
      window.mirror_where, commit_of("_version"), lsn.value(), in_slice(slice, "__hash"));
  std::vector<std::uint64_t> hashes;
  for (const auto& row : client_.rows(sql, judging())) hashes.push_back(number(row.at(0).value()));
  return hashes;
}

}  // namespace freshet::parity
