// Parity: is every mirror what its source table is? The judge of the whole line, asked by `freshet parity`
// and by the tests; it shares no code with the codec it judges.
//
// The source can only be read as it is now, and the mirror follows it. So per window: L0 = the insert LSN;
// wait until everything that committed before is visible; read the source; L1 = the insert LSN; wait for a
// cut at or above L1; read the mirror. A key that differs and whose mirror version is of a commit at or above
// L0 may have moved in between: it is compared again.
#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "adapter/clickhouse/endpoint.h"
#include "contract/contract.h"
#include "parity/report.h"

namespace freshet::parity {

struct Options {
  std::string source_url;
  std::string only_table;               // "app.orders"; empty: all
  std::uint64_t window_rows = 500'000;  // read from the source by one statement
  std::chrono::milliseconds cut_deadline =
      std::chrono::minutes(5);  // for the line to catch up with the source
  std::chrono::milliseconds periodic_deadline =
      std::chrono::minutes(10);  // for a periodic table's next snapshot
};

// Told after each window; for progress.
using Progress = std::function<void(const TableReport&)>;

// Throws Error when a side can't be reached, or no contract has the name `only_table`. A table that can't be
// judged is reported as undecided, and the others go on.
Report compare(const Options& options, const std::vector<contract::StreamContract>& contracts,
               const clickhouse::Endpoint& mirror, const Progress& progress, std::stop_token stop);

}  // namespace freshet::parity
