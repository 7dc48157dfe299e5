// Does the table's stream follow its source? Asked of the tables that load keeps in ClickHouse: a mirror that
// stands still, or whose rows are still to come, can't be judged, and says so.
#pragma once

#include <chrono>
#include <optional>
#include <stop_token>
#include <string>

#include "adapter/clickhouse/client.h"
#include "parity/columns.h"

namespace freshet::parity {

class Following {
 public:
  Following(clickhouse::Client& mirror, const ComparedTable& table) : mirror_(mirror), table_(table) {}

  // Throws Error{schema} with the reason when the stream was stopped or has a gap: somebody must act first.
  void require_running();
  // Rows of its mirror that a reading didn't see at the source, and that somebody has to let go, or has kept.
  std::uint64_t unswept();
  // Why rows are still to come: a snapshot is running, or changes wait for their row of one.
  std::optional<std::string> still_to_come();
  // Returns when none are; throws as require_running does, Error{transient} when the deadline passes.
  void wait(std::chrono::milliseconds deadline, std::stop_token stop);

 private:
  clickhouse::Client& mirror_;
  const ComparedTable& table_;
};

}  // namespace freshet::parity
