#include "capture/status.h"

namespace freshet::capture {

std::string_view to_string(CaptureState state) {
  switch (state) {
    case CaptureState::starting: return "starting";
    case CaptureState::streaming: return "streaming";
    case CaptureState::journal_full: return "journal_full";
    case CaptureState::reconnecting: return "reconnecting";
    case CaptureState::stopped: return "stopped";
    case CaptureState::failed: return "failed";
  }
  return "unknown";
}

CaptureStatus StatusBoard::read() const {
  CaptureStatus status;
  {
    const MutexLock lock(mutex_);
    status = status_;
  }
  status.received = Lsn(receiver.received_lsn);
  status.confirmed = Lsn(receiver.reported_lsn);
  status.receive_blocked = receiver.blocked;
  status.receive_cpu_seconds = receiver.cpu_seconds;
  status.spooled_memory_bytes = spool.memory;
  status.spooled_disk_bytes = spool.disk;
  return status;
}

}  // namespace freshet::capture
