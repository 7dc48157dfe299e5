// Runs the stages of a process, each in a thread of its own, and decides what becomes of one that fails:
// tried again with back-off, or left stopped with its error in the status. A stage that fails never takes the
// others along. Owned by the main thread; status() may be called from any thread.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "app/error_policy.h"
#include "base/clock.h"
#include "base/guarded.h"

namespace freshet::app {

struct Stage {
  std::string name;
  // Works until stopped. Called again after a failure, so it builds anew whatever it needs.
  std::function<void(std::stop_token)> run;
  // Others stand on it: it is stopped after them.
  bool is_foundation = false;
};

enum class StageState { running, retrying, waiting_for_operator, failed, stopped };
std::string_view to_string(StageState state);

struct StageStatus {
  std::string name;
  StageState state = StageState::stopped;
  WallTime since;
  int restarts = 0;
  std::string error;  // the last one; empty while all is well
  std::string hint;
};

class Supervisor {
 public:
  // `on_failure` is called by the stage's thread whenever one fails, before it is tried again.
  using FailureListener = std::function<void(const std::string& stage, const Error& error)>;

  Supervisor(std::vector<Stage> stages, const Clock& clock, FailureListener on_failure = {});
  ~Supervisor() { stop(); }

  void start();
  // Stops the stages, the foundations last, and waits for their threads. May be called again.
  void stop();

  std::vector<StageStatus> status() const;

  // After that much time without a failure a stage counts as healthy again: its error is taken from the
  // status, and the next pause is the first one.
  static constexpr std::chrono::seconds kHealthyAfter{20};

 private:
  struct Worker {
    Stage stage;
    mutable Mutex mutex;
    StageStatus status GUARDED_BY(mutex);
    SteadyTime running_since GUARDED_BY(mutex);
    std::jthread thread;
  };

  void work(Worker& worker, std::stop_token stop);
  // How it ended; a stage that returns before it is asked to has failed, too.
  Error run_once(Worker& worker, std::stop_token stop);
  void enter(Worker& worker, StageState state, const Error* error = nullptr);
  void stop_those(bool foundations);

  const Clock& clock_;
  const FailureListener on_failure_;
  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace freshet::app
