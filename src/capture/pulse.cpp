#include "capture/pulse.h"

#include "base/log.h"
#include "base/nonce.h"
#include "capture/signals.h"

namespace freshet::capture {
namespace {

// The canary's rows are few: ids begin again.
constexpr std::int64_t kCanaryIds = 1'000;

}  // namespace

Pulse::Pulse(const PulseOptions& options, TableWatch& watch, StatusBoard& board, const Clock& clock)
    : options_(options), watch_(watch), board_(board), clock_(clock) {}

void Pulse::run(std::stop_token stop) {
  while (!stop.stop_requested()) {
    std::string failure;
    try {
      beat_once();
    } catch (const Error& error) {
      failure = error.message();
      connection_.reset();
      log::warn("capture_heartbeat_failed", {{"error", error.what()}});
    }
    board_.update([&](CaptureStatus& status) { status.heartbeat_error = failure; });
    if (connection_) look_at_tables();
    clock_.sleep(options_.heartbeat_interval, stop);
  }
}

void Pulse::emit(const std::string& sql) {
  connection_->query(sql, {}, options_.statement_deadline);
}

void Pulse::beat_once() {
  if (!connection_) {
    connection_.emplace(
        postgres::ConnectOptions{.url = options_.url, .purpose = "freshet capture heartbeat"});
    // A heartbeat needs no standby's word, and mustn't wait for one.
    connection_->run("SET synchronous_commit = local", options_.statement_deadline);
  }
  emit(emit_beat_sql({options_.slot_generation, make_nonce()}));
  if (!canary_at_ || clock_.steady() - *canary_at_ >= options_.canary_interval) {
    emit(emit_canary_sql(options_.slot_generation, canaries_++ % kCanaryIds));
    canary_at_ = clock_.steady();
  }
  const auto slot = find_slot(*connection_, options_.slot);
  board_.update([&](CaptureStatus& status) { status.slot = slot; });
}

// The slot moves on without it.
void Pulse::look_at_tables() try {
  watch_.look(*connection_);
  board_.update([&](CaptureStatus& status) {
    status.problems = watch_.problems();
    status.publication_problem = watch_.publication_problem();
    status.look_error.clear();
  });
} catch (const Error& error) {
  connection_.reset();
  log::warn("capture_look_failed", {{"error", error.what()}});
  board_.update([&](CaptureStatus& status) { status.look_error = error.message(); });
}

}  // namespace freshet::capture
