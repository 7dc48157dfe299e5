#include "capture/capture.h"

#include <algorithm>
#include <filesystem>
#include <thread>
#include <utility>

#include "base/log.h"
#include "capture/identity.h"
#include "capture/relation_lookup.h"

namespace freshet::capture {
namespace {

WantedStreams wanted_streams(const std::vector<StreamedTable>& tables) {
  WantedStreams streams;
  for (const StreamedTable& table : tables) streams[table.schema + "." + table.table] = table.key;
  return streams;
}

std::string spool_directory(const Options& options) {
  const std::filesystem::path directory = std::filesystem::path(options.data) / "spool";
  std::filesystem::create_directories(directory);
  return directory.string();
}

SnapshotOptions snapshot_options(const Options& options) {
  SnapshotOptions snapshot = options.snapshot;
  snapshot.url = options.url;
  snapshot.publication = options.publication;
  snapshot.spool_directory = spool_directory(options);
  return snapshot;
}

}  // namespace

Capture::Capture(Options options, journal::Writer& journal, Clock& clock)
    : options_(std::move(options)),
      journal_(journal),
      clock_(clock),
      relations_(wanted_streams(options_.tables)),
      snapshotter_(snapshot_options(options_), clock),
      backoff_(options_.reconnect_first) {}

Capture::~Capture() {
  snapshotter_.stop();
}

CaptureStatus Capture::status() const {
  CaptureStatus status = board_.read();
  status.snapshot = snapshotter_.status();
  return status;
}

void Capture::request(SnapshotRequest request) {
  const MutexLock lock(mutex_);
  if (requests_.size() >= kMostRequests) {
    log::warn("snapshot_request_dropped", {{"waiting", requests_.size()}});
    return;
  }
  requests_.push_back(std::move(request));
}

void Capture::run(std::stop_token stop) {
  connected_at_ = clock_.steady();
  try {
    run_until_it_fails(stop);
    board_.update([](CaptureStatus& status) { status.state = CaptureState::stopped; });
  } catch (const Error& error) {
    log::error("capture_failed", {{"kind", to_string(error.kind())}, {"error", error.what()}});
    board_.update([&](CaptureStatus& status) {
      status.state = CaptureState::failed;
      status.error = error.message();
      status.hint = error.hint();
    });
    snapshotter_.stop();
    throw;
  }
  snapshotter_.stop();
}

void Capture::run_until_it_fails(std::stop_token stop) {
  while (!stop.stop_requested()) {
    try {
      connect_and_stream(stop);
    } catch (const JournalFailure&) {
      throw;
    } catch (const UnreadableInBinary& change) {
      text_because_ = change.message();
      log::warn("capture_changes_form", {{"because", change.message()}});
    } catch (const Error& error) {
      if (!error.may_pass()) throw;
      wait_to_reconnect(error, stop);
    }
  }
}

void Capture::wait_to_reconnect(const Error& error, std::stop_token stop) {
  if (std::exchange(streaming_, false)) {
    connected_at_ = clock_.steady();
    backoff_ = options_.reconnect_first;
  }
  if (clock_.steady() - connected_at_ > options_.reconnect_deadline) throw error;
  log::warn("capture_reconnects", {{"error", error.what()}, {"after_ms", backoff_.count()}});
  board_.update([&](CaptureStatus& status) {
    status.state = CaptureState::reconnecting;
    status.error = error.message();
    status.hint = error.hint();
    ++status.reconnects;
  });
  if (journaller_) journaller_->publish_metrics();
  clock_.sleep(backoff_, stop);
  backoff_ = std::min(2 * backoff_, options_.reconnect_last);
}

void Capture::connect_and_stream(std::stop_token stop) {
  postgres::Connection control(connect_as("freshet capture"));
  const Source source =
      check_source(control, {.publication = options_.publication,
                             .slot_must_be_made = slot_must_be_made(journal_, control, options_.slot),
                             .make_publication = options_.make_publication,
                             .tables = options_.tables});
  postgres::Replication replication(connect_as("freshet capture stream"));
  const ClaimedPosition claim =
      claim_position(journal_, control, replication, options_.slot, options_.slot_deadline);
  if (!journaller_) begin(claim);
  stream(replication, source, stop);
}

// Once: from here on the slot is ours, and the snapshots run whatever happens to the stream.
void Capture::begin(const ClaimedPosition& claim) {
  journaller_.emplace(
      options_.journaller, journal_, claim.notes, relations_,
      [this](Lsn passed) { return take_chunk(passed); }, board_, clock_);
  if (claim.slot_is_new) journaller_->keep_notes();
  std::vector<TableRequest> tables = options_.periodic;
  for (const StreamedTable& table : options_.tables)
    tables.push_back({.schema = table.schema, .table = table.table, .columns = table.columns, .leaf = {}});
  snapshotter_.begin(tables, journaller_->notes().snapshots);
}

std::optional<FinishedChunk> Capture::take_chunk(Lsn passed) {
  std::vector<SnapshotRequest> requests;
  {
    const MutexLock lock(mutex_);
    requests.swap(requests_);
  }
  for (SnapshotRequest& request : requests) {
    if (auto* keys = std::get_if<KeyRequest>(&request))
      snapshotter_.read_keys(std::move(*keys));
    else
      snapshotter_.begin({std::get<TableRequest>(request)}, journaller_->notes().snapshots);
  }
  return snapshotter_.take(passed);
}

void Capture::stream(postgres::Replication& replication, const Source& source, std::stop_token stop) {
  const bool binary = source.binary && text_because_.empty();
  CatalogueLookup catalogue(connect_as("freshet capture catalogue"), binary);
  relations_.restart([&](const pgoutput::Relation& message) { return catalogue(message); });
  const ReceiverOptions options = receiver_options(replication.sender_timeout());
  start(replication, binary);
  streaming_ = true;
  board_.update([&](CaptureStatus& status) {
    status.error.clear();
    status.hint.clear();
    status.problems = source.problems;
    status.binary = binary;
    status.text_because = text_because_.empty() ? source.text_because : text_because_;
  });

  HandOver hand_over(options_.hand_over_bytes);
  StreamSpool spool({spool_directory(options_), options_.spool_memory_bytes, options_.spool_disk_bytes},
                    board_.spool);
  Receiver receiver(replication, std::move(spool), hand_over, options, board_.receiver, clock_);
  Pulse pulse({.url = options_.url,
               .slot = options_.slot,
               .slot_generation = journaller_->notes().slot_generation,
               .heartbeat_interval = options_.heartbeat_interval,
               .canary_interval = options_.canary_interval},
              board_, clock_);
  const std::jthread receiving([&](std::stop_token ended) { receiver.run(ended); });
  const std::jthread beating([&](std::stop_token ended) { pulse.run(ended); });
  journaller_->run(hand_over, stop);
}

void Capture::start(postgres::Replication& replication, bool binary) const {
  const auto& heartbeat = journaller_->notes().heartbeat;
  const Lsn from = heartbeat ? heartbeat->commit_lsn : Lsn();
  replication.start(options_.slot, from,
                    {{"proto_version", "2"},
                     {"publication_names", postgres::quote_identifier(options_.publication)},
                     {"binary", binary ? "true" : "false"},
                     {"streaming", "on"},
                     {"messages", "true"}});
  log::info("capture_streams", {{"slot", options_.slot}, {"from", to_string(from)}, {"binary", binary}});
}

ReceiverOptions Capture::receiver_options(std::chrono::milliseconds sender_timeout) const {
  ReceiverOptions options = options_.receiver;
  if (sender_timeout.count() > 0)
    options.report_interval = std::min(options.report_interval, sender_timeout / 3);
  return options;
}

postgres::ConnectOptions Capture::connect_as(std::string purpose) const {
  return {.url = options_.url, .purpose = std::move(purpose)};
}

}  // namespace freshet::capture
