// The sessions that clients keep by `session_id`: one workspace each, lent to one request at a time.
// Any thread may call it.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/guarded.h"
#include "store/workspace.h"

namespace freshet::store {

class SessionTable {
 public:
  SessionTable(const Engine& engine, const Clock& clock) : engine_(engine), clock_(clock) {}

  // A session, held for one request; given back when destroyed.
  class Lease {
   public:
    Lease(SessionTable& table, std::string key, Workspace& workspace)
        : table_(table), key_(std::move(key)), workspace_(workspace) {}
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    ~Lease() { table_.give_back(key_); }
    Workspace& workspace() { return workspace_; }

   private:
    SessionTable& table_;
    const std::string key_;
    Workspace& workspace_;
  };

  // ClickHouseError: the session is in use, isn't there though it should be, or there are too many.
  std::unique_ptr<Lease> acquire(User user, const QueryRequest& request);

  std::size_t size() const;

 private:
  struct Session {
    User user{};
    std::unique_ptr<Workspace> workspace;
    std::chrono::seconds timeout{};
    bool close_after = false;
    bool busy = false;
    SteadyTime idle_since{};
  };

  void give_back(const std::string& key);
  void remove_expired() REQUIRES(mutex_);
  void make_room(User user) REQUIRES(mutex_);

  const Engine& engine_;
  const Clock& clock_;
  mutable Mutex mutex_;
  std::map<std::string, Session> sessions_ GUARDED_BY(mutex_);
};

}  // namespace freshet::store
