// Parity: is every mirror what its source table is? The judge of the whole line, asked by `freshet parity`
// and by the tests; it shares no code with the codec it judges.
//
// The source can only be read as it is now, and the mirror follows it. So each reading of a window: L0 = the
// insert LSN; wait until everything that committed before is visible; read the source; L1 = the insert LSN;
// wait for a cut at or above L1; read the mirror. A key that differs and whose mirror version is of a commit
// at or above L0 may have moved in between: it is compared again.
//
// Every key there is at the start is judged, as of the moment its window is read: equal, different, or
// undecided with the reason. What a limit cuts off is undecided. A row that moves to another key is judged
// under the keys it has when their windows are read; what is written behind the walk is the next run's.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "adapter/clickhouse/endpoint.h"
#include "contract/contract.h"
#include "parity/repair.h"
#include "parity/report.h"

namespace freshet::parity {

// Of what is done and kept at once where a window differs.
struct Limits {
  std::uint64_t rows_listed = 100'000;  // by one statement, each with its key
  std::uint64_t sums = 65'536;          // asked for by one statement
  std::size_t keys_named = 20'000;      // in one statement
  int readings = 64;                    // of one window; each reads all of its keys on both sides
};

struct Options {
  std::string source_url;
  std::string only_table;               // "app.orders"; empty: all
  std::uint64_t window_rows = 500'000;  // read from the source by one statement
  std::chrono::milliseconds cut_deadline =
      std::chrono::minutes(5);  // for the line to catch up with the source
  std::chrono::milliseconds periodic_deadline =
      std::chrono::minutes(10);  // for a periodic table's next snapshot
  std::chrono::milliseconds snapshot_deadline =
      std::chrono::seconds(20);  // for a running snapshot of a table; a whole one takes longer
  Limits limits = {};
  const Repair* repair = nullptr;  // what differs in streamed tables is mended, and compared once more
};

// Told after each window, by one thread at a time; for progress.
using Progress = std::function<void(const TableReport&)>;

// Throws Error when a side can't be reached, or no contract has the name `only_table`. A table that can't be
// judged is reported as undecided, and the others go on; when stopped, what is left is undecided.
Report compare(const Options& options, const std::vector<contract::StreamContract>& contracts,
               const clickhouse::Endpoint& mirror, const Progress& progress, std::stop_token stop);

}  // namespace freshet::parity
