// What `freshet status` and the status page say of capture. Values; StatusBoard is where the stage's threads
// write them and any thread reads them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/guarded.h"
#include "capture/receiver.h"
#include "capture/relations.h"
#include "capture/slot.h"
#include "capture/snapshot_status.h"
#include "capture/source_check.h"

namespace freshet::capture {

enum class CaptureState {
  starting,  // checking the source, making or taking the slot
  streaming,
  journal_full,  // not reading: load must release something first
  reconnecting,  // `error` says why
  stopped,       // was asked to
  failed,        // `error` and `hint` say what to do
};

std::string_view to_string(CaptureState state);

struct CaptureStatus {
  CaptureState state = CaptureState::starting;
  std::string error;  // the last one; empty once streaming again
  std::string hint;
  std::string heartbeat_error;  // heartbeats don't get through: the slot doesn't move
  std::string look_error;       // the catalogue can't be read: what the stream doesn't tell goes unnoticed
  std::uint64_t reconnects = 0;

  Lsn received;
  Lsn journalled;           // durable
  Lsn confirmed;            // to the source
  Micros committed_at = 0;  // of the last transaction journalled, by the source's clock
  std::optional<SlotState> slot;

  std::optional<PublicationProblem> publication_problem;
  std::vector<TableProblem> problems;  // tables that can't be captured; the others are

  bool binary = false;
  std::string text_because;  // why it isn't

  bool receive_blocked = false;  // the journal thread is behind
  std::uint64_t spooled_memory_bytes = 0;
  std::uint64_t spooled_disk_bytes = 0;
  std::uint64_t transactions = 0;
  std::uint64_t seals = 0;
  double receive_cpu_seconds = 0;
  double journal_cpu_seconds = 0;

  std::map<std::string, StreamCount> streams;
  SnapshotStatus snapshot;
};

class StatusBoard {
 public:
  ReceiverCounters receiver;
  StreamSpoolUse spool;

  template <class Change>
  void update(const Change& change) {
    const MutexLock lock(mutex_);
    change(status_);
  }
  CaptureStatus read() const;

 private:
  mutable Mutex mutex_;
  CaptureStatus status_ GUARDED_BY(mutex_);
};

}  // namespace freshet::capture
