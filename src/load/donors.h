// Donors: what the mirror holds of some keys, and what an earlier attempt at this round filled from other
// keys (freshet.fills). Read while nothing of the table is being inserted. Load's thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "change/version.h"
#include "load/block.h"
#include "load/inserters.h"
#include "load/mirror.h"
#include "load/session.h"

namespace freshet::load {

// Whether the values that were asked for came.
enum class Fetched : std::uint8_t {
  all,
  gone,      // one of the rows was merged into a later version meanwhile: all has to be read again
  too_much,  // they are larger than they may be: ask for fewer
};

// All versions of the keys that are still in the mirror, and of those that are asked for the values of some
// columns: a key may have many versions of a value of many megabytes, and one of them gives it.
class HeldRows {
 public:
  struct Row {
    std::string_view key;
    Version version;
    std::uint8_t deleted = 0;
  };

  // `keys`: as KeyEncoder makes them.
  static HeldRows read(Session& session, const Mirror& mirror, std::span<const std::string> keys);
  // In place of what it read before. `columns`: of the mirror.
  Fetched read_values(Session& session, const Mirror& mirror, std::span<const std::size_t> columns,
                      const std::set<std::uint32_t>& rows, std::size_t bytes_max);

  const std::vector<Row>& rows() const { return rows_; }
  // In RowBinary: of one of the rows and columns that were read last.
  std::string_view value(std::uint32_t row, std::size_t column) const { return values_.at(row)[column]; }
  std::size_t values_bytes() const { return values_answer_.size(); }

 private:
  std::string answer_;
  std::vector<Row> rows_;
  std::string values_answer_;
  std::unordered_map<std::uint32_t, std::vector<std::string_view>> values_;
};

// Values that a row took from another key, by the row's own key and version. As a last resort also what a row
// that begins to wait would take from before its table's snapshot: should it never be seen alive, these are
// the last values to keep.
class Fills {
 public:
  using Of = std::pair<std::string, Version>;

  enum class Kind : std::uint8_t { taken = 0, last_resort = 1 };

  explicit Fills(Kind kind = Kind::taken) : kind_(kind) {}
  // Which rows with any of these keys have some.
  static Fills read(Session& session, const Mirror& mirror, std::span<const std::string> keys, Kind kind);
  bool has(const Of& row) const { return recorded_.contains(row); }
  // In place of what it read before: the values of some of them.
  Fetched read_values(Session& session, const Mirror& mirror, const std::set<Of>& rows,
                      std::size_t bytes_max);
  // Throws Error{data} when the column wasn't recorded.
  Value value(const Of& row, const std::string& column) const;

  // To be recorded.
  void add(const Of& row, const std::string& column, const Value& value);
  bool empty() const { return values_.empty(); }
  std::size_t bytes() const { return bytes_; }
  void clear() {
    values_.clear();
    bytes_ = 0;
  }
  // To be durable before the old key's removal is sent.
  Insert insert(const Mirror& mirror, std::uint64_t round) const;

 private:
  Kind kind_;
  std::set<Of> recorded_;
  std::map<Of, std::map<std::string, std::string>> values_;
  std::size_t bytes_ = 0;
};

}  // namespace freshet::load
