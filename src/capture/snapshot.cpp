#include "capture/snapshot.h"

#include "base/crash_point.h"
#include "capture/snapshot_board.h"
#include "capture/snapshot_worker.h"

namespace freshet::capture {

Snapshotter::Snapshotter(SnapshotOptions options, Clock& clock)
    : options_(std::move(options)),
      clock_(clock),
      budget_(options_.spool_directory, options_.memory_bytes, options_.disk_bytes),
      board_(std::make_unique<SnapshotBoard>(options_, budget_)) {}

Snapshotter::~Snapshotter() {
  stop();
}

void Snapshotter::begin(const std::vector<TableRequest>& tables,
                        const std::map<std::string, std::string>& kept) {
  if (workers_.empty()) board_->clear();  // what was taken before a stop may not have become durable
  board_->begin(tables, kept);
  while (workers_.size() < static_cast<std::size_t>(options_.workers)) {
    workers_.emplace_back([this](std::stop_token stop) {
      SnapshotWorker(options_, clock_, budget_, *board_, std::move(stop)).run();
    });
  }
}

bool Snapshotter::read_once_more(const std::string& stream) {
  return board_->read_once_more(stream);
}

void Snapshotter::read_keys(KeyRequest request) {
  board_->read_keys(std::move(request));
}

std::optional<FinishedChunk> Snapshotter::take(Lsn passed) {
  std::optional<FinishedChunk> chunk = board_->take(passed);
  if (chunk) crash_point("chunk_taken");
  return chunk;
}

SnapshotStatus Snapshotter::status() const {
  return board_->status(clock_.steady());
}

void Snapshotter::stop() {
  for (std::jthread& worker : workers_) worker.request_stop();
  workers_.clear();
}

}  // namespace freshet::capture
