// Donors: what the mirror holds of some keys, and what an earlier attempt at this round filled from other
// keys (freshet.fills). Read while nothing of the table is being inserted. Load's thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "change/version.h"
#include "load/block.h"
#include "load/inserters.h"
#include "load/mirror.h"
#include "load/session.h"

namespace freshet::load {

// All versions of the keys that are still in the mirror, with the values of some columns.
class HeldRows {
 public:
  struct Row {
    std::string_view key;
    Version version;
    std::uint8_t deleted = 0;
    std::vector<std::string_view> values;  // in RowBinary, one per column asked for
  };

  // `keys`: as KeyEncoder makes them. `columns`: of the mirror.
  static HeldRows read(Session& session, const Mirror& mirror, std::span<const std::string> keys,
                       std::span<const std::size_t> columns);

  const std::vector<Row>& rows() const { return rows_; }

 private:
  std::string answer_;
  std::vector<Row> rows_;
};

// Values that a row took from another key, by the row's own key and version. As a last resort also what a row
// that begins to wait would take from before its table's snapshot: should it never be seen alive, these are
// the last values to keep.
class Fills {
 public:
  using Of = std::pair<std::string, Version>;

  enum class Kind : std::uint8_t { taken = 0, last_resort = 1 };

  explicit Fills(Kind kind = Kind::taken) : kind_(kind) {}
  // Of rows with any of these keys.
  static Fills read(Session& session, const Mirror& mirror, std::span<const std::string> keys, Kind kind);

  bool has(const Of& row) const { return values_.contains(row); }
  // Throws Error{data} when the column wasn't recorded.
  Value value(const Of& row, const std::string& column) const;

  void add(const Of& row, const std::string& column, const Value& value);
  bool empty() const { return values_.empty(); }
  void clear() { values_.clear(); }
  // To be durable before the old key's removal is sent.
  Insert insert(const Mirror& mirror, std::uint64_t round) const;

 private:
  Kind kind_;
  std::map<Of, std::map<std::string, std::string>> values_;
};

}  // namespace freshet::load
