// The queries that run now, by the id their client gave: an id is used once at a time.
// Any thread may call it.
#pragma once

#include <set>
#include <string>

#include "base/guarded.h"
#include "store/engine.h"

namespace freshet::store {

class Running {
 public:
  explicit Running(const Engine& engine) : engine_(engine) {}

  class Ticket {
   public:
    // ClickHouseError when a query with this id runs already.
    Ticket(Running& running, const std::string& query_id);
    Ticket(const Ticket&) = delete;
    Ticket& operator=(const Ticket&) = delete;
    ~Ticket();

   private:
    Running& running_;
    const std::string query_id_;
  };

  // Asks the engine to end this query; never throws, for it is asked while something else is going wrong.
  void kill(const std::string& query_id) const;

 private:
  const Engine& engine_;
  Mutex mutex_;
  std::set<std::string> ids_ GUARDED_BY(mutex_);
};

}  // namespace freshet::store
