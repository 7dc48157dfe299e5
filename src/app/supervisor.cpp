#include "app/supervisor.h"

#include <utility>

#include "base/log.h"
#include "base/metrics.h"

namespace freshet::app {
namespace {

struct StageMetrics {
  metrics::Gauge up;
  metrics::Counter failures;
};

StageMetrics metrics_of(const std::string& stage) {
  return {metrics::gauge("freshet_stage_up", "1 while the stage runs.", {{"stage", stage}}),
          metrics::counter("freshet_stage_failures_total", "Failures of the stage.", {{"stage", stage}})};
}

StageState state_after(Action action) {
  switch (action) {
    case Action::retry: return StageState::retrying;
    case Action::wait_for_operator: return StageState::waiting_for_operator;
    case Action::stop: return StageState::failed;
  }
  return StageState::failed;
}

void log_failure(const std::string& stage, const Error& error, Action action) {
  metrics_of(stage).failures.add();
  log::error("stage_failed", {{"stage", stage},
                              {"kind", to_string(error.kind())},
                              {"message", error.message()},
                              {"hint", hint_of(error)},
                              {"action", to_string(action)}});
}

}  // namespace

std::string_view to_string(StageState state) {
  switch (state) {
    case StageState::running: return "running";
    case StageState::retrying: return "retrying";
    case StageState::waiting_for_operator: return "waiting_for_operator";
    case StageState::failed: return "failed";
    case StageState::stopped: return "stopped";
  }
  return "stopped";
}

Supervisor::Supervisor(std::vector<Stage> stages, const Clock& clock, FailureListener on_failure)
    : clock_(clock), on_failure_(std::move(on_failure)) {
  for (Stage& stage : stages) {
    workers_.push_back(std::make_unique<Worker>());
    Worker& worker = *workers_.back();
    worker.stage = std::move(stage);
    worker.status.name = worker.stage.name;
    enter(worker, StageState::stopped);
  }
}

void Supervisor::start() {
  for (const auto& worker : workers_)
    worker->thread = std::jthread([this, &worker = *worker](std::stop_token stop) { work(worker, stop); });
}

void Supervisor::stop() {
  stop_those(false);
  stop_those(true);
}

void Supervisor::stop_those(bool foundations) {
  for (const auto& worker : workers_)
    if (worker->stage.is_foundation == foundations) worker->thread.request_stop();
  for (const auto& worker : workers_)
    if (worker->stage.is_foundation == foundations && worker->thread.joinable()) worker->thread.join();
}

void Supervisor::work(Worker& worker, std::stop_token stop) {
  int failures_in_a_row = 0;
  while (!stop.stop_requested()) {
    const SteadyTime began = clock_.steady();
    const Error error = run_once(worker, stop);
    if (stop.stop_requested()) break;
    const Policy& policy = policy_for(error.kind());
    log_failure(worker.stage.name, error, policy.action);
    enter(worker, state_after(policy.action), &error);
    if (on_failure_) on_failure_(worker.stage.name, error);
    if (policy.action == Action::stop) return;
    if (clock_.steady() - began >= kHealthyAfter) failures_in_a_row = 0;
    clock_.sleep(pause_after(policy, failures_in_a_row++), stop);
  }
  enter(worker, StageState::stopped);
}

Error Supervisor::run_once(Worker& worker, std::stop_token stop) {
  try {
    enter(worker, StageState::running);
    worker.stage.run(stop);
    return Error(ErrorKind::transient, worker.stage.name + " ended by itself");
  } catch (const Error& error) {
    return error;
  } catch (const std::exception& unexpected) {
    return Error(ErrorKind::transient, worker.stage.name + " failed unexpectedly: " + unexpected.what(),
                 "this is a bug in Freshet: please report it with the log");
  }
}

void Supervisor::enter(Worker& worker, StageState state, const Error* error) {
  metrics_of(worker.stage.name).up.set(state == StageState::running ? 1 : 0);
  const MutexLock lock(worker.mutex);
  StageStatus& status = worker.status;
  if (state == StageState::running && status.state != StageState::stopped) ++status.restarts;
  status.state = state;
  status.since = clock_.wall();
  if (state == StageState::running) worker.running_since = clock_.steady();
  if (error == nullptr) return;
  status.error = error->message();
  status.hint = hint_of(*error);
}

std::vector<StageStatus> Supervisor::status() const {
  std::vector<StageStatus> all;
  for (const auto& worker : workers_) {
    const MutexLock lock(worker->mutex);
    all.push_back(worker->status);
    const bool healthy = worker->status.state == StageState::running &&
                         clock_.steady() - worker->running_since >= kHealthyAfter;
    if (healthy) all.back().error = all.back().hint = {};
  }
  return all;
}

}  // namespace freshet::app
