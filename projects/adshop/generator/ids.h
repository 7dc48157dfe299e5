// Keys of tables with an identity column. History counts from 1; live traffic draws from the sequences, so
// that it and anybody else who writes never collide.
#pragma once

#include <array>
#include <cstdint>
#include <deque>

#include "rows.h"

namespace freshet::adshop {

class Ids {
 public:
  virtual ~Ids() = default;
  virtual std::int64_t next(Table table) = 0;
};

class CountedIds : public Ids {
 public:
  std::int64_t next(Table table) override { return ++last_[static_cast<std::size_t>(table)]; }
  // Lets the sequences go on behind what was used.
  void set_sequences(postgres::Connection& connection) const;

 private:
  std::array<std::int64_t, kTableCount> last_{};
};

class SequenceIds : public Ids {
 public:
  explicit SequenceIds(postgres::Connection& connection) : connection_(&connection) {}
  std::int64_t next(Table table) override;

 private:
  postgres::Connection* connection_;
  std::array<std::deque<std::int64_t>, kTableCount> drawn_;
};

}  // namespace freshet::adshop
