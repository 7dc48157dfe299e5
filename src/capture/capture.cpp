#include "capture/capture.h"

#include <algorithm>
#include <filesystem>
#include <thread>
#include <utility>

#include "base/check.h"
#include "base/log.h"
#include "capture/capture_metrics.h"
#include "capture/identity.h"
#include "capture/relation_lookup.h"

namespace freshet::capture {
namespace {

constexpr std::string_view kUndefinedObject = "42704";  // in a stream: the publication

template <class Table>
std::string stream_of(const Table& table) {
  return table.schema + "." + table.table;
}

WantedStreams wanted_streams(const std::vector<StreamedTable>& tables) {
  WantedStreams streams;
  for (const StreamedTable& table : tables) streams[stream_of(table)] = table.key;
  return streams;
}

TableRequest request_of(const StreamedTable& table) {
  return {.schema = table.schema, .table = table.table, .columns = table.columns, .leaf = {}};
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
      watch_(options_.publication, options_.tables, options_.fits_contract),
      tables_(options_.tables),
      periodic_(options_.periodic),
      backoff_(options_.reconnect_first) {
  for (const StreamedTable& table : tables_) streams_.insert(stream_of(table));
  for (const TableRequest& table : periodic_) streams_.insert(stream_of(table));
}

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

std::future<void> Capture::read_again(std::vector<std::string> streams) {
  const MutexLock lock(mutex_);
  for (const std::string& stream : streams)
    if (!streams_.contains(stream))
      throw Error(ErrorKind::config, "capture has no stream " + stream, "freshet status lists them");
  return again_.ask(std::move(streams));
}

void Capture::add(std::vector<StreamedTable> tables, std::vector<TableRequest> periodic) {
  const MutexLock lock(mutex_);
  for (StreamedTable& table : tables)
    if (streams_.insert(stream_of(table)).second) added_tables_.push_back(std::move(table));
  for (TableRequest& table : periodic)
    if (streams_.insert(stream_of(table)).second) added_periodic_.push_back(std::move(table));
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
  std::optional<postgres::Connection> control(connect_as("freshet capture"));
  const Source source =
      check_source(*control, {.publication = options_.publication,
                              .slot_must_be_made = slot_must_be_made(journal_, *control, options_.slot),
                              .slot_to_make = has_position(journal_) ? "" : options_.slot,
                              .make_publication = options_.make_publication,
                              .connections = kOwnConnections - 1 + options_.snapshot.workers,
                              .tables = tables_});
  watch_.look(*control, source);  // before the first V is taken
  postgres::Replication replication(connect_as("freshet capture stream"));
  const ClaimedPosition claim = claim_position(
      journal_, *control, replication, {options_.slot, options_.slot_deadline, options_.give_up_position});
  control.reset();  // the budget has no room for it beside the stream's own
  if (!journaller_) begin(claim);
  stream(replication, source, stop);
}

// Once: from here on the slot is ours, and the snapshots run whatever happens to the stream.
void Capture::begin(const ClaimedPosition& claim) {
  journaller_.emplace(
      options_.journaller, journal_, claim.notes, relations_,
      [this](Lsn passed) { return take_chunk(passed); }, board_, clock_);
  if (claim.slot_is_new) journaller_->keep_notes();
  for (const std::string& stream : silently_changed()) journaller_->read_again(stream);
  std::vector<TableRequest> tables = periodic_;
  for (const StreamedTable& table : tables_) tables.push_back(request_of(table));
  snapshotter_.begin(tables, progress());
  snapshots_begun_ = true;
}

// Of readings that needn't begin anew.
std::map<std::string, std::string> Capture::progress() const {
  const Notes& notes = journaller_->notes();
  std::map<std::string, std::string> progress = notes.snapshots;
  for (const std::string& stream : notes.again) progress.erase(stream);
  return progress;
}

std::optional<FinishedChunk> Capture::take_chunk(Lsn passed) {
  if (journaller_->notes_are_durable()) again_.kept();
  const std::vector<std::string> again = again_.take();
  take_added();  // after `again` was taken: what that names is added then
  take_requests();
  for (const std::string& stream : again) begin_again(stream);
  for (const std::string& stream : silently_changed()) read_what_changed(stream);
  return snapshotter_.take(passed);
}

// A reading under way isn't given up for it, however often it happens: so it ends, and one more follows,
// whose V comes after the look. The wish for that one is durable with the stream's binding, as of any other.
void Capture::read_what_changed(const std::string& stream) {
  if (!snapshotter_.read_once_more(stream)) return begin_again(stream);
  journaller_->read_once_more(stream);
}

// Nothing of the stream comes in between: what it brings of them from here on is theirs.
void Capture::take_added() {
  std::vector<StreamedTable> added;
  std::vector<TableRequest> to_read;
  {
    const MutexLock lock(mutex_);
    added.swap(added_tables_);
    to_read.swap(added_periodic_);
  }
  if (added.empty() && to_read.empty()) return;
  periodic_.insert(periodic_.end(), to_read.begin(), to_read.end());
  for (const StreamedTable& table : added) {
    tables_.push_back(table);
    watch_.add(table);
    to_read.push_back(request_of(table));
  }
  relations_.want(wanted_streams(added));
  snapshotter_.begin(to_read, progress());
}

// A periodic one is read at every start anyway.
void Capture::begin_again(const std::string& stream) {
  const auto periodic = std::ranges::find(periodic_, stream, stream_of<TableRequest>);
  if (periodic != periodic_.end()) return snapshotter_.begin({*periodic}, {});
  const auto table = std::ranges::find(tables_, stream, stream_of<StreamedTable>);
  CHECK(table != tables_.end());
  journaller_->read_again(stream);
  TableRequest request = request_of(*table);
  request.mode = SnapshotMode::again;
  snapshotter_.begin({request}, {});
}

// Binds each stream to what its table was seen to be. Those whose rows may have changed without a word in the
// stream have to be read again: that is durable with the binding, and their V comes after the look, so what
// happens next is a difference again. While a table doesn't fit its contract it stays bound to what it was.
std::vector<std::string> Capture::silently_changed() {
  std::vector<std::string> changed;
  for (const Sighting& seen : watch_.take()) {
    const Notes& notes = journaller_->notes();
    const auto bound = notes.bindings.find(seen.stream);
    if (seen.kept_changes && bound != notes.bindings.end())
      journaller_->unbind(seen.stream, "its table, or a partition of it, kept changes to itself");
    std::string binding = bind(seen.table);
    if (bound == notes.bindings.end()) {
      // Added, not there or not published when its reading began: its V may be of before this look.
      if (snapshots_begun_ || notes.snapshots.contains(seen.stream)) {
        log::info("table_read_again", {{"stream", seen.stream},
                                       {"because", "nobody had looked at the table when its reading began"}});
        // That was a heartbeat ago: to begin anew costs less than to read all of it twice.
        if (snapshots_begun_)
          begin_again(seen.stream);
        else
          changed.push_back(seen.stream);
      }
    } else if (bound->second == binding || !seen.fits) {
      continue;
    } else if (const std::string_view because = silent_change(bound->second, seen.table); !because.empty()) {
      silent_change_found(seen.stream, because);
      changed.push_back(seen.stream);
    }
    journaller_->bind(seen.stream, std::move(binding));
  }
  return changed;
}

void Capture::take_requests() {
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
}

void Capture::stream(postgres::Replication& replication, const Source& source, std::stop_token stop) {
  const std::string& text_because = text_because_.empty() ? source.text_because : text_because_;
  const bool binary = text_because.empty();
  CatalogueLookup catalogue(connect_as("freshet capture catalogue"), binary);
  relations_.restart([&](const pgoutput::Relation& message) { return catalogue(message); });
  const ReceiverOptions options = receiver_options(replication.sender_timeout());
  start(replication, text_because);
  streaming_ = true;
  board_.update([&](CaptureStatus& status) {
    status.error.clear();
    status.hint.clear();
    status.problems = source.problems;
    status.publication_problem.reset();
    status.binary = binary;
    status.text_because = text_because;
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
              watch_, board_, clock_);
  const std::jthread receiving([&](std::stop_token ended) { receiver.run(ended); });
  const std::jthread beating([&](std::stop_token ended) { pulse.run(ended); });
  try {
    journaller_->run(hand_over, stop);
  } catch (const postgres::SqlError& error) {
    if (error.sqlstate() != kUndefinedObject) throw;
    throw without_publication(journaller_->notes().slot_generation, options_.publication);
  }
}

// `text_because`: empty: in binary form.
void Capture::start(postgres::Replication& replication, const std::string& text_because) const {
  const auto& heartbeat = journaller_->notes().heartbeat;
  const Lsn from = heartbeat ? heartbeat->commit_lsn : Lsn();
  replication.start(options_.slot, from,
                    {{"proto_version", "2"},
                     {"publication_names", postgres::quote_identifier(options_.publication)},
                     {"binary", text_because.empty() ? "true" : "false"},
                     {"streaming", "on"},
                     {"messages", "true"}});
  log::info("capture_streams",
            {{"slot", options_.slot}, {"from", to_string(from)}, {"text_because", text_because}});
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
