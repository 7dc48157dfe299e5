// The capture stage: reads one PostgreSQL database's changes through a replication slot, and writes them to
// the journal. First on the line; see docs/capture.md.
//
//   receive thread: replication connection -> batches        (receiver.h)
//   journal thread: batches, snapshot chunks -> journal      (journaller.h; the thread that calls run())
//   pulse thread: heartbeats, canary, the slot's lag, what happens to the tables   (pulse.h, table_watch.h)
//   snapshot workers                                         (snapshot.h)
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/guarded.h"
#include "capture/again_queue.h"
#include "capture/claim.h"
#include "capture/journaller.h"
#include "capture/pulse.h"
#include "capture/receiver.h"
#include "capture/snapshot.h"
#include "capture/source_check.h"
#include "capture/status.h"
#include "capture/table_watch.h"

namespace freshet::capture {

struct Options {
  std::string url;
  std::string slot = "freshet";
  std::string publication = "freshet";
  bool make_publication = false;      // when it isn't there
  std::vector<StreamedTable> tables;  // of the publication; others in it are passed over
  FitsContract fits_contract;         // empty: every shape does
  std::vector<TableRequest> periodic;
  std::string give_up_position;  // where the journal's has this name, the source takes its place (claim.h)
  std::string data;              // a folder for what needn't survive: the spools

  std::uint64_t hand_over_bytes = 16 << 20;     // between receive and journal thread
  std::uint64_t spool_memory_bytes = 64 << 20;  // streamed transactions in progress
  std::uint64_t spool_disk_bytes = std::uint64_t{256} << 30;
  ReceiverOptions receiver;
  JournallerOptions journaller;
  std::chrono::milliseconds heartbeat_interval{3'000};
  std::chrono::milliseconds canary_interval{10'000};
  std::chrono::milliseconds slot_deadline{60'000};        // for making the slot, per attempt
  std::chrono::milliseconds reconnect_first{200};         // doubled after each failure
  std::chrono::milliseconds reconnect_last{10'000};       // at most
  std::chrono::milliseconds reconnect_deadline{300'000};  // without a connection; then the stage ends
  SnapshotOptions snapshot;                               // url, publication and folder are set here
};

// A table to be read (again), or single keys.
using SnapshotRequest = std::variant<TableRequest, KeyRequest>;

class Capture {
 public:
  // Makes its folder. `journal` and `clock` outlive it.
  Capture(Options options, journal::Writer& journal, Clock& clock = system_clock());
  ~Capture();

  // Until stopped; connects again after what may pass. Throws what doesn't, with state `failed`: the writer
  // is then of no more use. Once only.
  void run(std::stop_token stop);

  // Any thread.
  CaptureStatus status() const;
  // Takes in tables as if it had had them from its start, while all others stream on; those it has stay as
  // they are. Once the stream runs.
  void add(std::vector<StreamedTable> tables, std::vector<TableRequest> periodic);
  // Dropped, with a warning, where kMostRequests wait already: the journal thread takes none while it has no
  // connection or no room.
  void request(SnapshotRequest request);
  static constexpr std::size_t kMostRequests = 256;
  // Has tables read from their beginning while all others stream on, also one that is being read. The answer
  // comes when that is durable: it outlives a kill. Throws Error{config} for a stream that isn't ours.
  std::future<void> read_again(std::vector<std::string> streams);

  // To the source, beside one for each snapshot worker: the stream, heartbeats, catalogue.
  static constexpr int kOwnConnections = 3;

 private:
  void run_until_it_fails(std::stop_token stop);
  void wait_to_reconnect(const Error& error, std::stop_token stop);
  void connect_and_stream(std::stop_token stop);
  void begin(const ClaimedPosition& claim);
  std::optional<FinishedChunk> take_chunk(Lsn passed);
  std::map<std::string, std::string> progress() const;
  void take_added();
  void take_requests();
  void read_what_changed(const std::string& stream);
  void begin_again(const std::string& stream);
  std::vector<std::string> silently_changed();
  void stream(postgres::Replication& replication, const Source& source, std::stop_token stop);
  void start(postgres::Replication& replication, const std::string& text_because) const;
  ReceiverOptions receiver_options(std::chrono::milliseconds sender_timeout) const;
  postgres::ConnectOptions connect_as(std::string purpose) const;

  const Options options_;
  JournalPort journal_;
  const Clock& clock_;
  StatusBoard board_;
  Relations relations_;
  Snapshotter snapshotter_;
  TableWatch watch_;

  // Of the thread in run().
  std::vector<StreamedTable> tables_;
  std::vector<TableRequest> periodic_;
  std::optional<Journaller> journaller_;  // from the first claim on
  bool snapshots_begun_ = false;
  std::string text_because_;  // a column that was met on the way; empty: as the catalogue says
  bool streaming_ = false;    // the last attempt came so far
  SteadyTime connected_at_;   // until when it did
  std::chrono::milliseconds backoff_;

  Mutex mutex_;
  std::set<std::string> streams_ GUARDED_BY(mutex_);  // all that were ever given to us
  std::vector<StreamedTable> added_tables_ GUARDED_BY(mutex_);
  std::vector<TableRequest> added_periodic_ GUARDED_BY(mutex_);
  std::vector<SnapshotRequest> requests_ GUARDED_BY(mutex_);
  AgainQueue again_;
};

}  // namespace freshet::capture
