#include "load/quarantined.h"

#include <fmt/format.h>

#include "adapter/clickhouse/quote.h"
#include "load/row_binary.h"

namespace freshet::load {
namespace {

QuarantinedChange read_change(ByteReader& from) {
  QuarantinedChange change;
  change.id = read_text(from);
  change.op = static_cast<Op>(from.le<std::uint8_t>());
  change.version = read_version(from);
  change.committed_at = from.le<Micros>();
  change.reason = read_text(from);
  change.hint = read_text(from);
  change.contract = read_text(from);
  change.key_bytes = read_text(from);
  return change;
}

std::string described() {
  return fmt::format("{} AS id, op, version, committed_at, reason, hint, contract, key", kQuarantineId);
}

// What it takes to read a key that is kept as it came.
constexpr const char* kShape = ", if(startsWith(key, unhex('FF')), schema, '') AS shape";

// One row says how it waits (done_round 0), another how it left; a later round may bring it back.
std::string newest(const std::string& mirror, std::string_view columns, std::string_view range,
                   std::string_view which) {
  return fmt::format(
      "(SELECT {} FROM (SELECT * FROM freshet.quarantine WHERE table = {} AND {} "
      "ORDER BY version, key, round DESC, done_round DESC LIMIT 1 BY version, key) WHERE {})",
      columns, clickhouse::quote_literal(mirror), range, which);
}

}  // namespace

std::string waiting_in_quarantine(const std::string& mirror, std::string_view columns,
                                  std::string_view range) {
  return newest(mirror, columns, range, "done_round = 0");
}

std::string left_quarantine(const std::string& mirror, std::string_view columns) {
  return newest(mirror, columns, "true", "done_round != 0");
}

std::vector<QuarantinedChange> list_quarantined(clickhouse::Client& client, const std::string& mirror,
                                                std::size_t limit) {
  const std::string answer =
      client.select(fmt::format("SELECT * FROM {} ORDER BY version, id LIMIT {} FORMAT RowBinary",
                                waiting_in_quarantine(mirror, described() + kShape), limit));
  std::vector<QuarantinedChange> changes;
  for (ByteReader from(answer); !from.at_end();) {
    changes.push_back(read_change(from));
    if (const std::string_view shape = read_text(from); !shape.empty())
      changes.back().schema = decode_schema(shape);
  }
  return changes;
}

std::optional<QuarantinedChange> find_quarantined(clickhouse::Client& client, const std::string& mirror,
                                                  const std::string& id) {
  const std::string answer = client.select(fmt::format(
      "SELECT * FROM {} WHERE id = {} FORMAT RowBinary",
      waiting_in_quarantine(mirror, described() + ", schema, old, row"), clickhouse::quote_literal(id)));
  if (answer.empty()) return std::nullopt;
  ByteReader from(answer);
  QuarantinedChange change = read_change(from);
  change.schema = decode_schema(read_text(from));
  change.old = read_text(from);
  change.row = read_text(from);
  return change;
}

}  // namespace freshet::load
