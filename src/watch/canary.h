// The canary: capture lets a row travel the whole line now and then, and this looks whether it arrives. It
// alone decides readiness: a process that runs proves nothing, a row that went from source to mirror does.
// run() belongs to its stage's thread; readiness() may be called by any.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "adapter/clickhouse/client.h"
#include "base/clock.h"
#include "base/guarded.h"

namespace freshet::watch {

struct CanaryOptions {
  std::string table;                   // the mirror of the stream freshet.canary
  std::chrono::milliseconds interval;  // how often capture sends one
  std::chrono::milliseconds look_every{1'000};

  // Up to three in a row may be late: a pause of load's doesn't break the line.
  std::chrono::milliseconds window() const { return 3 * interval + std::chrono::seconds(10); }
};

struct Readiness {
  bool ready = false;
  std::string reason;                                        // why not
  std::optional<std::chrono::duration<double>> travel_time;  // of the newest: commit to mirror
};

// What was seen so far, apart from how it is seen. Times are passed in.
class CanaryRecord {
 public:
  struct Arrival {
    std::string version;  // rises with every canary; empty: the mirror holds none
    std::chrono::duration<double> travel_time{};
  };

  // True when it is a new one. What the first look finds proves nothing about now.
  bool saw(const Arrival& newest, SteadyTime now);
  void failed(std::string problem) { problem_ = std::move(problem); }

  Readiness judge(const CanaryOptions& options, SteadyTime now) const;

 private:
  std::optional<Arrival> newest_;
  std::optional<SteadyTime> arrived_at_;
  std::string problem_;
};

class CanaryWatch {
 public:
  // Nothing while ClickHouse's address isn't known yet.
  using Locate = std::function<std::optional<clickhouse::Endpoint>()>;

  CanaryWatch(CanaryOptions options, Locate locate, const Clock& clock);

  void run(std::stop_token stop);
  Readiness readiness() const;

 private:
  void look(std::optional<clickhouse::Client>& client, std::stop_token stop);
  void note_problem(std::string problem);

  const CanaryOptions options_;
  const Locate locate_;
  const Clock& clock_;

  mutable Mutex mutex_;
  CanaryRecord record_ GUARDED_BY(mutex_);
};

}  // namespace freshet::watch
