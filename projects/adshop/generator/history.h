// N days of plausible history, copied into an empty database: visitors come from ads, browse, put in carts,
// buy, return goods. The same seed, days, scale and end give the same rows.
#pragma once

#include <cstdint>
#include <functional>

#include "row.h"

namespace freshet::postgres {
class Connection;
}

namespace freshet::adshop {

struct HistoryOptions {
  int days = 7;
  std::uint64_t seed = 1;
  double scale = 1;  // of traffic: 1 is about 80,000 rows a day
  Instant until;     // exclusive
};

struct HistoryProgress {
  int days_done = 0;
  std::int64_t rows = 0;
};

// One transaction, with foreign keys unchecked while it loads (what it writes satisfies them), so it needs a
// superuser. Throws Error{config} when the tables hold rows already.
std::int64_t write_history(postgres::Connection& connection, const HistoryOptions& options,
                           const std::function<void(const HistoryProgress&)>& progress);

}  // namespace freshet::adshop
