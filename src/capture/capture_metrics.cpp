#include "capture/capture_metrics.h"

#include <limits>

#include "base/log.h"

namespace freshet::capture {
namespace {

double as_double(Lsn lsn) {
  return static_cast<double>(lsn.value());
}

metrics::Counter seals() {
  return metrics::counter("freshet_capture_seals_total", "Watermarks written to the journal");
}

metrics::Counter rows(const std::string& stream) {
  return metrics::counter("freshet_capture_rows_total", "Changes journalled", {{"stream", stream}});
}

metrics::Counter bytes(const std::string& stream) {
  return metrics::counter("freshet_capture_bytes_total", "Of their messages", {{"stream", stream}});
}

metrics::Counter snapshot_rows(const std::string& stream) {
  return metrics::counter("freshet_snapshot_rows_total", "Rows read by snapshots", {{"stream", stream}});
}

metrics::Counter snapshot_bytes(const std::string& stream) {
  return metrics::counter("freshet_snapshot_bytes_total", "Bytes of rows read by snapshots",
                          {{"stream", stream}});
}

metrics::Counter readings(const std::string& stream) {
  return metrics::counter("freshet_snapshot_readings_total", "Readings of the table that ended",
                          {{"stream", stream}});
}

metrics::Counter restarts(const std::string& stream) {
  return metrics::counter("freshet_snapshot_restarts_total",
                          "Readings begun anew, because the table was rewritten or its columns changed",
                          {{"stream", stream}});
}

metrics::Counter silent_changes(const std::string& stream) {
  return metrics::counter("freshet_capture_silent_changes_total",
                          "Times that a table changed in a way that its stream doesn't tell",
                          {{"stream", stream}});
}

}  // namespace

void register_counters(const std::vector<std::string>& streams) {
  seals();
  for (const std::string& stream : streams)
    for (const auto counter :
         {rows, bytes, snapshot_rows, snapshot_bytes, readings, restarts, silent_changes})
      counter(stream);
}

void silent_change_found(const std::string& stream, std::string_view because) {
  log::warn("table_read_again", {{"stream", stream}, {"because", because}});
  silent_changes(stream).add(1);
}

void count_reading(const std::string& stream) {
  readings(stream).add(1);
}

void count_restart(const std::string& stream) {
  restarts(stream).add(1);
}

void count_snapshot(const std::string& stream, std::uint64_t rows, std::uint64_t bytes) {
  snapshot_rows(stream).add(static_cast<double>(rows));
  snapshot_bytes(stream).add(static_cast<double>(bytes));
}

CaptureMetrics::CaptureMetrics()
    : seals_(seals()),
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
  return streams_.emplace(name, Stream{rows(name), bytes(name), {}}).first->second;
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
