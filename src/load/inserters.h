// Inserters: a few threads, each with its own connection, that send finished blocks, so that inserts of
// several tables overlap: a small one spends its time waiting for the disk. Load's thread submits and waits.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "base/guarded.h"
#include "base/queue.h"
#include "load/session.h"

namespace freshet::load {

struct Insert {
  std::string sql;   // "INSERT INTO t (...) FORMAT Native"
  std::string body;  // not compressed yet
};

// Sent one after the other, each when the one before it is durable.
struct Job {
  std::size_t table = 0;
  std::uint64_t rows = 0;  // of the mirror
  std::vector<Insert> inserts;

  std::size_t bytes() const;
};

class Inserters {
 public:
  Inserters(const SessionContext& context, int threads, std::stop_token stop);
  ~Inserters();
  Inserters(const Inserters&) = delete;
  Inserters& operator=(const Inserters&) = delete;

  // Each waits for room, for so many bytes or for one job. Throws Error{cancelled} when stopped, and what
  // ended an inserter (the lead was lost).
  void wait_for_room(std::size_t bytes);
  void submit(Job job);
  // Until all jobs of the table are durable. What ClickHouse refused for good is the table's failure, not an
  // exception: its neighbours go on.
  std::optional<Error> wait(std::size_t table);
  void wait_all();

 private:
  void work(const std::stop_token& stop);
  void finish(std::size_t table, std::size_t bytes, std::optional<Error> failure, bool fatal);
  void throw_fatal() REQUIRES(mutex_);

  const SessionContext& context_;
  std::stop_token stop_;
  BoundedQueue<Job> jobs_;
  mutable Mutex mutex_;
  Condition changed_;
  std::map<std::size_t, std::size_t> under_way_ GUARDED_BY(mutex_);  // jobs by table; no zeros
  std::size_t bytes_under_way_ GUARDED_BY(mutex_) = 0;
  std::map<std::size_t, Error> failures_ GUARDED_BY(mutex_);
  std::optional<Error> fatal_ GUARDED_BY(mutex_);
  std::vector<std::jthread> threads_;  // last: they use the rest
};

}  // namespace freshet::load
