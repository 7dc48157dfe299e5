// Nulls: which rows of a column are NULL, and which of them because the contract allows it.
#pragma once

#include <cstdint>
#include <vector>

#include "adapter/clickhouse/native.h"
#include "load/types/mirror_type.h"
#include "load/types/unfit.h"

namespace freshet::load {

class Nulls {
 public:
  explicit Nulls(const MirrorColumn& column) : nullable_(column.nullable), allowed_(column.null_when) {}

  bool nullable() const { return nullable_; }
  std::size_t excused() const { return excused_.size(); }

  void push(bool null) {
    if (nullable_) map_.push(null ? 1 : 0);
  }
  // Says whether `unfit` becomes NULL in `row`, and remembers it.
  bool excuse(Unfit unfit, std::size_t row) {
    const bool allowed = (unfit == Unfit::nan && allowed_.nan) ||
                         (unfit == Unfit::infinity && allowed_.infinity) ||
                         (unfit == Unfit::out_of_range && allowed_.out_of_range);
    if (allowed) excused_.push_back(row);
    return allowed;
  }
  void truncate(std::size_t rows) {
    if (map_.rows() > rows) map_.truncate(rows);
    while (!excused_.empty() && excused_.back() >= rows) excused_.pop_back();
  }
  void write(std::string& to) const { map_.write(to); }

 private:
  bool nullable_;
  contract::NullWhen allowed_;
  clickhouse::native::FixedColumn<std::uint8_t> map_;
  std::vector<std::size_t> excused_;
};

}  // namespace freshet::load
