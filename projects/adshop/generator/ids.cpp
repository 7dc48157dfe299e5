#include "ids.h"

#include <fmt/format.h>

#include "adapter/postgres/connection.h"

namespace freshet::adshop {
namespace {
constexpr int kDrawnAtOnce = 2000;
}

void CountedIds::set_sequences(postgres::Connection& connection) const {
  for (std::size_t i = 0; i < kTableCount; ++i) {
    if (last_[i] == 0) continue;
    connection.query(fmt::format("SELECT setval(pg_get_serial_sequence('app.{}', 'id'), {})",
                                 name_of(static_cast<Table>(i)), last_[i]));
  }
}

std::int64_t SequenceIds::next(Table table) {
  auto& drawn = drawn_[static_cast<std::size_t>(table)];
  if (drawn.empty()) {
    const auto rows = connection_->query(
        fmt::format("SELECT nextval(pg_get_serial_sequence('app.{}', 'id')) FROM generate_series(1, {})",
                    name_of(table), kDrawnAtOnce));
    for (int row = 0; row < rows.rows(); ++row) drawn.push_back(rows.integer(row, 0));
  }
  const std::int64_t id = drawn.front();
  drawn.pop_front();
  return id;
}

}  // namespace freshet::adshop
