// The whole line as a user runs it: the real executables on a real PostgreSQL, started, killed and asked from
// outside.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "adapter/clickhouse/client.h"
#include "support/files.h"
#include "support/postgres.h"
#include "support/process.h"

namespace freshet::test {

class Line {
 public:
  // `project`: a folder with pipeline.yaml. The data folder is the object's own.
  Line(std::string project, std::string source_url);

  // For the next start: where the source is, and what else `up` is told.
  void set_source(std::string url) { source_url_ = std::move(url); }
  void tell_up(std::vector<std::string> arguments) { told_ = std::move(arguments); }

  // Before start(): a folder below data() that is to be a file system of its own, of so many bytes. It goes
  // with the process.
  void give_disk(const std::string& folder, std::uint64_t bytes);
  // The same with the disk that all have, which outlives the process: when it is full, its files can't grow.
  void limit_disk(const std::string& folder) { disks_.push_back({data_ + "/" + folder, kDiskOfAll}); }
  // Of a running line: no byte fits any more, until it is freed.
  void fill_disk(const std::string& folder) const;
  void free_disk(const std::string& folder) const;

  // Starts `freshet up`. `crash_at`: "point:pass", see base/crash_point.h.
  void start(const std::string& crash_at = "") { start("up", crash_at); }
  // Starts `freshet <role>`: up; or capture and load, a process each.
  void start(const std::string& role, const std::string& crash_at);
  // Waits until the line answers and every snapshot is complete. False when it wasn't by then.
  bool wait_until_loaded(std::chrono::seconds timeout = std::chrono::seconds(120));
  void kill();        // -9, the whole of it but PostgreSQL
  void kill_store();  // -9, only the embedded ClickHouse
  int stop();         // SIGTERM; the exit status, of `load` where the roles run apart
  int stop(const std::string& role);
  // All that was started.
  bool running();
  // The role's process ended by kill -9, as a crash point does it.
  bool was_killed(const std::string& role);

  // Runs freshet with these arguments on the line's data folder; to that crash point.
  struct Said {
    int status = 0;
    std::string output;
  };
  Said say(std::vector<std::string> arguments, const std::string& crash_at = "");
  // `freshet parity`: its exit status; its report goes to the test's output when it isn't 0.
  int parity();
  // The most resident memory that the role's process has had, in bytes; the store's isn't in it.
  std::uint64_t peak_bytes(const std::string& role) const;
  std::string status_json();
  // /metrics of the status port; empty while it doesn't answer.
  std::string metrics() const;
  std::string status_text();
  // Where the embedded ClickHouse answers now; nothing while it doesn't.
  std::optional<clickhouse::Endpoint> clickhouse() const;
  // The same, waited for: it isn't known while a killed line starts again. Throws Error{transient}.
  clickhouse::Endpoint endpoint() const;
  bool clickhouse_answers() const;
  // The last lines of the log, for a test's failure message.
  std::string log_tail() const;

  const std::string& data() const { return data_; }

 private:
  int command(const std::vector<std::string>& arguments, const std::string& output,
              std::chrono::seconds timeout, const std::string& crash_at = "");

  TempDir dir_;
  std::string project_;
  std::string data_;
  std::string source_url_;
  std::vector<std::string> told_;
  std::vector<SmallDisk> disks_;
  std::map<std::string, Process> processes_;  // by role
};

// With FRESHET_TEST_JOURNAL=kafka every line has its journal in topics of the shared broker.
bool journal_is_in_kafka();

// A name for the slot of a line on this database.
std::string slot_for(const std::string& source_url);

// Runs `freshet init`, with a publication, into a new folder below `dir`; the project's folder. `settings`:
// more of pipeline.yaml.
std::string init_project(const TempDir& dir, const std::string& source_url, const std::string& settings = "");

}  // namespace freshet::test
