// A snapshot worker: takes tasks from the board and does them on a connection of its own, which it opens when
// there is something to do and closes when there hasn't been for a while. The body of one thread.
#pragma once

#include <optional>
#include <stop_token>

#include "capture/snapshot_board.h"
#include "capture/snapshot_reader.h"

namespace freshet::capture {

class SnapshotWorker {
 public:
  SnapshotWorker(const SnapshotOptions& options, Clock& clock, SpoolBudget& budget, SnapshotBoard& board,
                 std::stop_token stop);

  void run();

 private:
  bool connect(const Task& task);
  void perform(const Task& task);
  void perform(const LookTask& task);
  void perform(const PointTask& task);
  void perform(const PlanTask& task);
  void perform(const BlocksTask& task);
  void perform(const WholeTask& task);
  void perform(const KeysTask& task);
  void look_again(const BlocksTask& task);

  const SnapshotOptions& options_;
  Clock& clock_;
  SpoolBudget& budget_;
  SnapshotBoard& board_;
  std::stop_token stop_;
  std::optional<ChunkReader> reader_;
  std::chrono::milliseconds pause_{0};  // before the next attempt to connect
  SteadyTime last_used_;
};

}  // namespace freshet::capture
