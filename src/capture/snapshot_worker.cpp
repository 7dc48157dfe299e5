#include "capture/snapshot_worker.h"

#include <algorithm>

#include "base/cpu_step.h"
#include "base/crash_point.h"
#include "base/log.h"

namespace freshet::capture {
namespace {

constexpr std::chrono::milliseconds kIdleLook{50};         // points, limits and retries come due by time
constexpr std::chrono::seconds kCloseConnectionAfter{10};  // without a task

}  // namespace

SnapshotWorker::SnapshotWorker(const SnapshotOptions& options, Clock& clock, SpoolBudget& budget,
                               SnapshotBoard& board, std::stop_token stop)
    : options_(options),
      clock_(clock),
      budget_(budget),
      board_(board),
      stop_(std::move(stop)),
      last_used_(clock.steady()) {}

void SnapshotWorker::run() {
  while (!stop_.stop_requested()) {
    if (const std::optional<Task> task = board_.next(clock_.steady())) {
      if (connect(*task)) perform(*task);
      last_used_ = clock_.steady();
      continue;
    }
    board_.wait(stop_, kIdleLook);
    if (clock_.steady() - last_used_ > kCloseConnectionAfter) reader_.reset();
  }
}

// False, and the task given back without blame, when the server can't be reached.
bool SnapshotWorker::connect(const Task& task) {
  if (reader_) return true;
  try {
    reader_.emplace(options_, stop_);
    board_.connection_failed("");
    pause_ = std::chrono::milliseconds(0);
    return true;
  } catch (const Error& error) {
    log::warn("snapshot_cannot_connect", {{"error", error.message()}, {"hint", error.hint()}});
    board_.connection_failed(error.what());
    board_.failed(task, Error(ErrorKind::cancelled, "no connection"), clock_.steady());
    pause_ = std::clamp(pause_ * 2, options_.retry_first, options_.retry_last);
    clock_.sleep(pause_, stop_);
    return false;
  }
}

// Whatever failed, the connection's state is unknown: the next task gets a new one.
void SnapshotWorker::perform(const Task& task) {
  static const auto cpu = CpuStep::counter("copy");
  const CpuStep step(cpu);
  try {
    std::visit([&](const auto& given) { perform(given); }, task);
  } catch (const Error& error) {
    reader_.reset();
    board_.failed(task, error, clock_.steady());
  }
}

void SnapshotWorker::perform(const LookTask& task) {
  board_.published(task, published_as(reader_->connection(), task.request, options_.publication));
}

void SnapshotWorker::perform(const PointTask& task) {
  if (!task.raised) {
    postgres::Barrier barrier = postgres::raise_barrier(reader_->connection(), task.given);
    board_.raised(task, std::move(barrier), clock_.steady());
  } else {
    std::optional<std::string> blocker = postgres::blocker_of(reader_->connection(), *task.raised);
    board_.looked(task, blocker, clock_.steady());
  }
}

void SnapshotWorker::perform(const PlanTask& task) {
  TablePlan plan = plan_table(reader_->connection(), task.request, options_.publication);
  board_.planned(task, std::move(plan), clock_.steady());
}

void SnapshotWorker::perform(const BlocksTask& task) {
  const std::chrono::microseconds latency = reader_->probe();
  board_.probed(latency, clock_.steady());  // a pause begins with the answer
  const SteadyTime begun = clock_.steady();
  ChunkRead chunk;
  chunk.schema = task.plan->schema;
  chunk.rows = Rows(budget_);
  if (task.claim.leaf != Claim::kNoLeaf) {
    const Leaf& leaf = task.plan->leaves[task.claim.leaf];
    const std::optional<Lsn> after = reader_->read_blocks(*task.plan, leaf, task.claim.blocks, chunk.rows);
    if (!after) return look_again(task);
    chunk.after = *after;
  }
  crash_point("chunk_read");
  chunk.took = std::chrono::duration_cast<std::chrono::milliseconds>(clock_.steady() - begun);
  board_.read(task, std::move(chunk), clock_.steady());
}

// A table that is its own leaf starts again whatever has become of it.
void SnapshotWorker::look_again(const BlocksTask& task) {
  if (!task.plan->partitioned) return board_.changed(task, nullptr);
  const TablePlan now = plan_table(reader_->connection(), task.request, options_.publication);
  board_.changed(task, &now);
}

void SnapshotWorker::perform(const WholeTask& task) {
  const TablePlan plan = plan_table(reader_->connection(), task.request, options_.publication);
  ChunkRead chunk;
  chunk.schema = plan.schema;
  chunk.rows = Rows(budget_);
  const ChunkReader::Whole read = reader_->read_whole(plan, chunk.rows);
  chunk.v = read.v;
  chunk.after = read.after;
  crash_point("chunk_read");
  board_.read(task, std::move(chunk), clock_.steady());
}

void SnapshotWorker::perform(const KeysTask& task) {
  const TablePlan plan = plan_table(reader_->connection(), task.table, options_.publication);
  ChunkRead chunk;
  chunk.schema = plan.schema;
  chunk.rows = Rows(budget_);
  Rows gone(budget_);
  chunk.after = reader_->read_keys(plan, task.request, chunk.rows, gone);
  std::string_view tuple;
  while (gone.next(tuple)) chunk.gone.emplace_back(tuple);
  crash_point("chunk_read");
  board_.read(task, std::move(chunk), clock_.steady());
}

}  // namespace freshet::capture
