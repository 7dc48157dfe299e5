// What there is to say about the line at one moment: what the status page, `freshet status` and the terminal
// show, each in its own form. Plain values; collected once a second by StatusBoard.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace freshet::app {

struct StageLine {
  std::string name;
  std::string state;   // as to_string(StageState)
  double seconds = 0;  // in this state
  int restarts = 0;
  std::string error;
  std::string hint;
};

struct SnapshotLine {
  std::string state;      // waiting, blocked, reading, spooled, complete, failed
  bool periodic = false;  // it comes again and again
  std::string v;          // LSN of its rows' versions; "" before it has one
  std::uint64_t rows = 0;
  std::uint64_t rows_estimate = 0;
  double share = 0;  // 0..1
  double rows_per_second = 0;
  std::optional<double> seconds_left;
  std::string note;  // what it waits for

  bool active() const { return state != "complete"; }
};

struct StreamLine {
  std::string name;    // schema.table
  std::string mirror;  // raw.<table>
  std::string state;   // snapshot, running, stopped, gap; waiting: load doesn't run, or capture has failed
  std::optional<SnapshotLine> snapshot;
  std::string snapshot_loaded;  // V of the last snapshot that the mirror has all of; "" before the first
  std::uint64_t rows = 0;       // loaded since this process started
  double rows_per_second = 0;
  std::uint64_t bytes = 0;  // journalled since then, of PostgreSQL's messages
  double bytes_per_second = 0;
  std::optional<double> cut_age_seconds;  // of its own cut, while it stands below the common one
  // How old the newest commit is that its mirror has whole, while it lacks or may lack something; else 0.
  // Nothing: unknown.
  std::optional<double> lag_seconds;
  std::uint64_t lag_bytes = 0;  // of the journal: written, and not loaded yet
  std::string error;
  std::string hint;
};

struct TotalLine {
  std::uint64_t rows = 0;
  double rows_per_second = 0;
  double bytes_per_second = 0;
  std::optional<double> lag_seconds;  // nothing: unknown
  std::uint64_t lag_bytes = 0;        // journalled and not loaded yet
};

struct SourceLine {
  bool receives = false;  // what is committed there comes into the journal
  std::string received;   // LSN
  std::string journalled;
  std::uint64_t retained_bytes = 0;               // of WAL that it keeps for us
  std::optional<std::uint64_t> bytes_until_loss;  // how much more it may write before it drops the slot
};

struct JournalLine {
  std::string kafka;  // its brokers; empty: the embedded one, of which
  std::uint64_t bytes = 0;
  std::uint64_t limit = 0;
};

struct CutLine {
  std::string lsn;           // "0/0" before the first
  std::string committed_at;  // ISO 8601, of the last transaction in it
  double age_seconds = 0;
  std::uint64_t round = 0;
};

struct EndpointLine {
  std::string postgres;  // without a password
  std::string clickhouse;
  std::string http;
};

struct ReadyLine {
  bool ready = false;
  std::string reason;                    // why not
  std::optional<double> canary_seconds;  // how long the newest one travelled
};

struct LineStatus {
  std::string project;
  std::string version;
  double uptime_seconds = 0;
  ReadyLine ready;
  std::vector<StageLine> stages;
  std::vector<StreamLine> streams;
  TotalLine total;
  SourceLine source;
  JournalLine journal;
  CutLine cut;
  EndpointLine endpoints;
};

// Data flows, and every table's first snapshot is in its mirror; what comes now are changes. Streams that
// stand aren't waited for.
bool is_loaded(const LineStatus& status);

// The first reason why it isn't; "" when it is.
std::string not_loaded_because(const LineStatus& status);

// A stage has failed for good: the line doesn't go on before it is started anew.
bool has_failed(const LineStatus& status);

}  // namespace freshet::app
