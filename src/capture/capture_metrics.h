// Capture's metrics, as docs/metrics.md lists them. Written by the journal thread; those of the rows that
// snapshots read, by whoever holds the board.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "capture/status.h"

namespace freshet::capture {

// Has the counters there, at 0, before anything happens: Prometheus sees no increase in one that is born
// at 1. Any thread.
void register_counters(const std::vector<std::string>& streams);

// A table changed without a word in the stream, and is read again: the log's line, and the count.
void silent_change_found(const std::string& stream, std::string_view because);
// A reading of the table, or of one partition, has ended; or was begun anew before it had.
void count_reading(const std::string& stream);
void count_restart(const std::string& stream);
void count_snapshot(const std::string& stream, std::uint64_t rows, std::uint64_t bytes);

class CaptureMetrics {
 public:
  CaptureMetrics();

  void sealed(double seconds) const;
  // At most once a second; nothing is done in between.
  void publish(const CaptureStatus& status, SteadyTime now);

 private:
  struct Stream {
    metrics::Counter rows;
    metrics::Counter bytes;
    StreamCount published;
  };
  Stream& stream(const std::string& name);
  void publish_slot(const SlotState& slot) const;

  const metrics::Counter seals_;
  const metrics::Histogram seal_seconds_;
  const metrics::Gauge received_lsn_;
  const metrics::Gauge journalled_lsn_;
  const metrics::Gauge confirmed_lsn_;
  const metrics::Gauge committed_timestamp_;
  const metrics::Gauge spooled_memory_;
  const metrics::Gauge spooled_disk_;
  const metrics::Gauge slot_lag_;
  const metrics::Gauge retained_wal_;
  const metrics::Gauge safe_wal_;
  const metrics::Gauge reconnects_;
  const metrics::Gauge blocked_;
  std::map<std::string, Stream> streams_;
  SteadyTime published_at_;
};

}  // namespace freshet::capture
