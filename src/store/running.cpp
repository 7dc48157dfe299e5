#include "store/running.h"

#include <fmt/format.h>

#include "base/log.h"

namespace freshet::store {

Running::Ticket::Ticket(Running& running, const std::string& query_id)
    : running_(running), query_id_(query_id) {
  const MutexLock lock(running_.mutex_);
  if (running_.ids_.insert(query_id_).second) return;
  throw ClickHouseError(code::kQueryWithSameIdIsRunning, "QUERY_WITH_SAME_ID_IS_ALREADY_RUNNING",
                        fmt::format("Query with id = {} is already running", query_id));
}

Running::Ticket::~Ticket() {
  const MutexLock lock(running_.mutex_);
  running_.ids_.erase(query_id_);
}

void Running::kill(const std::string& query_id) const {
  try {
    engine_.kill(query_id);
  } catch (const std::exception& error) {
    log::warn("store_kill_failed", {{"query_id", query_id}, {"reason", error.what()}});
  }
}

}  // namespace freshet::store
