// Lead: the right to write. One load at a time leads; it has recorded the highest term in freshet.terms. A
// successor records a higher one and waits out the deadline of its predecessor's statements; a leader that
// hasn't seen its term confirmed within that deadline sends nothing more. Monotonic clocks only.
//
// Written by load's thread at the start, confirmed and asked by every Session: any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "adapter/clickhouse/client.h"
#include "base/clock.h"
#include "base/guarded.h"

namespace freshet::load {

struct LeadOptions {
  std::string holder;  // who we are, for people
  // A statement ends, at both sides, within this time after our term was seen to be the highest.
  std::chrono::milliseconds deadline{60'000};
  // A lock outside (of the data folder) already shows that no other load runs: nobody has to be waited for.
  bool exclusive = false;
};

class Lead {
 public:
  Lead(LeadOptions options, const Clock& clock);

  // Records a term above all others, and waits until no statement of its predecessor can still run.
  // Error{transient} when somebody else did at the same moment; whatever fails, there is no lead.
  void claim(clickhouse::Client& client, const std::stop_token& stop);
  // So that a successor needn't wait. Errors are only logged: waiting is the safe side.
  void release(clickhouse::Client& client);

  std::uint64_t term() const { return term_; }  // 0: none

  // How long a statement sent now may take. Asks ClickHouse whether our term is still the highest when less
  // than half of the deadline is left. Throws Error{identity} when it isn't.
  std::chrono::milliseconds time_for_statement(clickhouse::Client& client);

  // For an INSERT ... SELECT that must not happen under a lower term: "WHERE (...) = 7".
  std::string condition() const;

 private:
  std::chrono::milliseconds left() const;
  void confirm(clickhouse::Client& client);
  void record(clickhouse::Client& client, std::uint64_t term, bool released, const std::string& condition);

  const LeadOptions options_;
  const Clock& clock_;
  const std::string claim_;  // tells two of the same holder apart
  std::uint64_t term_ = 0;   // set once, before other threads start
  mutable Mutex mutex_;
  SteadyTime confirmed_at_ GUARDED_BY(mutex_){};
};

}  // namespace freshet::load
