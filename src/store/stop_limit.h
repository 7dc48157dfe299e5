// How long stopping may take. A query in the engine's analysis sees neither KILL nor that its client left,
// for minutes; and what was acknowledged survives an end of the process at any point.
#pragma once

#include <chrono>
#include <thread>

namespace freshet::store {

class StopLimit {
 public:
  // Unless destroyed before, ends the process after `limit`, from a thread of its own.
  explicit StopLimit(std::chrono::milliseconds limit);

 private:
  std::jthread thread_;
};

}  // namespace freshet::store
