#include "capture/capture_metrics.h"

#include <limits>

namespace freshet::capture {
namespace {

double as_double(Lsn lsn) {
  return static_cast<double>(lsn.value());
}

}  // namespace

CaptureMetrics::CaptureMetrics()
    : seals_(metrics::counter("freshet_capture_seals_total", "Watermarks written to the journal")),
      seal_seconds_(metrics::histogram("freshet_capture_seal_seconds", "Making the journal durable")),
      received_lsn_(metrics::gauge("freshet_capture_received_lsn", "Bytes of WAL seen")),
      journalled_lsn_(
          metrics::gauge("freshet_capture_journalled_lsn", "Bytes of WAL durable in the journal")),
      confirmed_lsn_(metrics::gauge("freshet_capture_confirmed_lsn", "Bytes of WAL confirmed to the source")),
      committed_timestamp_(metrics::gauge("freshet_capture_committed_timestamp_seconds",
                                          "When the last journalled transaction committed")),
      spooled_memory_(metrics::gauge("freshet_capture_spooled_bytes", "Streamed transactions in progress",
                                     {{"in", "memory"}})),
      spooled_disk_(metrics::gauge("freshet_capture_spooled_bytes", "Streamed transactions in progress",
                                   {{"in", "disk"}})),
      slot_lag_(metrics::gauge("freshet_capture_slot_lag_bytes", "WAL written but not confirmed")),
      retained_wal_(
          metrics::gauge("freshet_capture_retained_wal_bytes", "WAL that the source keeps for the slot")),
      safe_wal_(metrics::gauge("freshet_capture_safe_wal_bytes", "WAL until the slot may be lost")),
      reconnects_(metrics::gauge("freshet_capture_reconnects", "Connections lost since the start")),
      blocked_(metrics::gauge("freshet_capture_blocked", "1: not reading, the journal is full or slow")) {}

void CaptureMetrics::sealed(double seconds) const {
  seals_.add();
  seal_seconds_.observe(seconds);
}

CaptureMetrics::Stream& CaptureMetrics::stream(const std::string& name) {
  const auto found = streams_.find(name);
  if (found != streams_.end()) return found->second;
  const Stream fresh{metrics::counter("freshet_capture_rows_total", "Changes journalled", {{"stream", name}}),
                     metrics::counter("freshet_capture_bytes_total", "Of their messages", {{"stream", name}}),
                     {}};
  return streams_.emplace(name, fresh).first->second;
}

void CaptureMetrics::publish_slot(const SlotState& slot) const {
  slot_lag_.set(static_cast<double>(slot.lag_bytes));
  retained_wal_.set(static_cast<double>(slot.retained_bytes));
  safe_wal_.set(slot.safe_wal_size ? static_cast<double>(*slot.safe_wal_size)
                                   : std::numeric_limits<double>::infinity());
}

void CaptureMetrics::publish(const CaptureStatus& status, SteadyTime now) {
  if (now - published_at_ < std::chrono::seconds(1)) return;
  published_at_ = now;
  received_lsn_.set(as_double(status.received));
  journalled_lsn_.set(as_double(status.journalled));
  confirmed_lsn_.set(as_double(status.confirmed));
  committed_timestamp_.set(static_cast<double>(status.committed_at) / 1e6);
  spooled_memory_.set(static_cast<double>(status.spooled_memory_bytes));
  spooled_disk_.set(static_cast<double>(status.spooled_disk_bytes));
  reconnects_.set(static_cast<double>(status.reconnects));
  blocked_.set(status.receive_blocked || status.state == CaptureState::journal_full ? 1 : 0);
  if (status.slot) publish_slot(*status.slot);
  for (const auto& [name, count] : status.streams) {
    Stream& stream = this->stream(name);
    stream.rows.add(static_cast<double>(count.rows - stream.published.rows));
    stream.bytes.add(static_cast<double>(count.bytes - stream.published.bytes));
    stream.published = count;
  }
}

}  // namespace freshet::capture
