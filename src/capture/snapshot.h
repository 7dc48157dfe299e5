// The snapshot reader: reads tables beside the stream without a long transaction (docs/snapshot.md).
//
//   workers (own threads, own connections) -> finished chunks, in memory or spooled -> take(), by the journal
//   thread -> journal
//
// The journal thread calls begin(), read_once_more(), read_keys() and take(); status() may be called from any
// thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "capture/snapshot_spool.h"
#include "capture/snapshot_status.h"
#include "change/change.h"

namespace freshet::capture {

struct SnapshotOptions {
  std::string url;
  std::string publication;  // gives columns and row filter of tables that name no columns; empty: all columns
  std::string spool_directory;                        // must exist
  int workers = 2;                                    // as many connections
  std::uint64_t chunk_bytes = 8 << 20;                // what one chunk aims at
  std::chrono::milliseconds chunk_time{2'000};        // likewise
  std::uint64_t memory_bytes = 64 << 20;              // of finished chunks; beyond, they are spooled
  std::uint64_t disk_bytes = std::uint64_t{4} << 30;  // spooled; beyond, the workers wait
  std::uint64_t rows_per_second = 0;                  // 0: no limit
  std::uint64_t bytes_per_second = 0;                 // 0: no limit
  std::chrono::milliseconds statement_timeout{60'000};
  std::chrono::milliseconds lock_timeout{5'000};
  std::chrono::milliseconds barrier_deadline{300'000};  // a blocker older than that is an error in the status
  std::chrono::milliseconds retry_first{200};           // after a failure that may pass; doubled each time
  std::chrono::milliseconds retry_last{30'000};         // at most; and after one that needs somebody's hand
};

enum class SnapshotMode {
  first,     // unless it is complete
  again,     // also where it is
  periodic,  // a table outside of the publication: whole, every `interval`
};

struct TableRequest {
  std::string schema;
  std::string table;
  SnapshotMode mode = SnapshotMode::first;
  std::vector<std::string> columns;    // empty: those of the publication; of a periodic table: all
  std::chrono::seconds interval{300};  // of a periodic table
  std::optional<std::uint32_t> leaf;   // only this partition (its OID); never swept
};

// Rows by key, as one more chunk: what waits for a value at the end of a snapshot, or what parity found to
// differ.
struct KeyRequest {
  std::string schema;
  std::string table;
  std::vector<std::string> columns;            // of the key
  std::vector<std::vector<std::string>> keys;  // a text value per column of the key; at most kKeysPerRequest
  std::optional<Lsn> v;                        // a snapshot's V, to complete it; else a new one is taken
};
inline constexpr std::size_t kKeysPerRequest = 10'000;
inline constexpr std::size_t kKeyRequestsPerTable = 8;  // that may wait

// What a worker read in one short transaction, ready for the journal. The journal thread appends, with
// commit_lsn = v and change_lsn = shows:
//   when `first`: snapshot_begin with `flags`; each of `rows` as snapshot_row; each of `gone` (a tuple whose
//   key columns are set) as snapshot_gone; when `last`: snapshot_end with `flags`; then keeps `progress`
//   under `stream`, durable with the same seal. Empty: nothing to keep.
// It must be gone before its Snapshotter is.
struct FinishedChunk {
  std::string stream;
  std::shared_ptr<const TableSchema> schema;  // shared by all chunks of one reading of the table
  Lsn v;
  Lsn after;  // everything the rows show had committed before it
  Lsn shows;  // of rows read by their key: whatever committed below it; else 0
  bool first = false;
  bool last = false;
  bool once_more = false;  // of a reading that another one follows (read_once_more): that is still wanted
  std::uint8_t flags = 0;
  Rows rows;
  std::vector<std::string> gone;
  std::string progress;
};

class SnapshotBoard;

class Snapshotter {
 public:
  explicit Snapshotter(SnapshotOptions options, Clock& clock = system_clock());
  ~Snapshotter();

  // Adds tables and starts the workers; may be called again for more, also for a table read before. The slot
  // is there: what commits from now on to tables of the publication will be in the stream. `kept`: progress
  // by stream. A reading that it shows half-way goes on there, whatever `mode` says; one that it shows
  // complete isn't repeated in mode `first`.
  void begin(const std::vector<TableRequest>& tables, const std::map<std::string, std::string>& kept);

  // Has the table read again, from a new V, after the reading that is under way: one, however often it is
  // asked for. False: there is none, or one that hasn't got its V; begin() it.
  bool read_once_more(const std::string& stream);

  // Not remembered over a restart, nor where a table has kKeyRequestsPerTable of them: whoever asks asks
  // again. Keys that were asked for and not yet taken aren't read twice.
  void read_keys(KeyRequest request);

  // A chunk that the stream has passed: every transaction with a commit LSN below `passed` is in the journal,
  // appended. Never waits.
  std::optional<FinishedChunk> take(Lsn passed);

  SnapshotStatus status() const;

  // Ends the workers (within a second, or a connection attempt's time). The next begin() starts from what is
  // given to it, and from nothing else.
  void stop();

 private:
  const SnapshotOptions options_;
  Clock& clock_;
  SpoolBudget budget_;
  std::unique_ptr<SnapshotBoard> board_;
  std::vector<std::jthread> workers_;
};

}  // namespace freshet::capture
