// A statement of the engine on a thread of its own, while the connection's thread watches the client and
// takes the rows.
#pragma once

#include <exception>
#include <functional>
#include <thread>

#include "adapter/http/server.h"
#include "store/engine.h"

namespace freshet::store {

class WatchedCall {
 public:
  // `statement` begins at once; its exception comes out of statistics().
  explicit WatchedCall(std::function<Statistics()> statement);
  WatchedCall(const WatchedCall&) = delete;
  WatchedCall& operator=(const WatchedCall&) = delete;
  ~WatchedCall();

  // Readable once the statement has ended; for poll().
  int ended_fd() const { return ended_; }
  // Waits for the end.
  Statistics statistics();

 private:
  const int ended_;
  std::exception_ptr failure_;
  Statistics statistics_;
  std::thread thread_;
};

// Waits for the end; calls `on_gone` when the client has left, and again every second after.
Statistics wait_watching(WatchedCall& call, const http::Exchange& exchange,
                         const std::function<void()>& on_gone);

// Runs `sql` (without a FORMAT clause) with its result in `format` through a pipe: works for every format in
// bounded memory, and rows of a failed statement don't stay behind in the connection. take: gets the rows in
// order; when it throws, `kill` is called until the statement has ended, then the exception goes on.
struct RowsCall {
  Connection& connection;
  std::string sql;
  std::string format;
  std::string settings_clause;
  const Parameters& parameters;
};
Statistics run_rows(const RowsCall& call, const http::Exchange& exchange,
                    const std::function<void(std::string_view)>& take, const std::function<void()>& kill);

}  // namespace freshet::store
