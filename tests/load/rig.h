// Rig: a source, an engine and a load between them, for one test. The load runs in a thread of the test, or
// in a process of its own that can be killed.
#pragma once

#include <future>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "adapter/clickhouse/client.h"
#include "load/load.h"
#include "load/source.h"
#include "support/process.h"
#include "support/store.h"

namespace freshet::test {

// One engine for all tests of a program: the databases of load have fixed names.
TestStore& engine();

// A mirror's row as the tests compare it.
struct MirrorRow {
  Row row;
  bool deleted = false;
};

class Rig {
 public:
  // `journal_limit`: bytes; 0: the usual one.
  explicit Rig(std::vector<contract::StreamContract> contracts = all_contracts(),
               std::uint64_t journal_limit = 0);
  ~Rig();

  Source& source() { return source_; }
  clickhouse::Client& client() { return client_; }
  load::Load& load() { return *load_; }

  void change_contracts(std::vector<contract::StreamContract> contracts) {
    contracts_ = std::move(contracts);
  }
  // From the next start on: undecoded changes of all tables together.
  std::optional<std::size_t> batch_bytes_max;
  // Likewise: rows of a mirror that one statement walks.
  std::optional<std::uint64_t> walk_rows;
  // Likewise: what a sweep may take without a question.
  std::optional<load::SweepLimits> sweep;
  // Likewise: bytes of one table in quarantine.
  std::optional<std::uint64_t> quarantine_bytes_max;
  // Likewise, also of a child: what is read at once for changes that lack values.
  std::optional<std::size_t> fill_bytes_max;
  // Likewise: of one answer of the engine.
  std::optional<std::size_t> answer_bytes_max;
  // Likewise: changes of one table that one round replays.
  std::optional<std::uint64_t> replay_rows;
  // Likewise, also of a child: what of late streams one round reads.
  std::optional<std::uint64_t> catch_up_bytes;
  void start();
  void stop();
  // Streams whose records the journal has dropped.
  std::set<std::string> gaps() const;
  // Waits until a cut at or above `lsn` is recorded; fails the test when it doesn't come.
  void reach(Lsn lsn);
  // seal() and reach().
  void settle();
  // Runs a load in a process of its own until it has reached `lsn`, or is killed at the crash point
  // ("cut_recorded:2"). Its exit status. It may also replay what is in quarantine, under contracts that take
  // a NaN for NULL; or allow every sweep that asks, and wait until they are carried out.
  enum class Child { load, replay, replay_leniently, allow_sweeps };
  int run_child(Lsn lsn, const std::string& crash_at = {}, Child child_does = Child::load);

  // src.<mirror>, live rows.
  Rows live(const std::string& mirror, const std::string& from = {});
  // Of one that keeps what was deleted: those rows.
  Rows deleted(const std::string& mirror);
  void expect_equal(const std::string& table);
  // Last values of deleted rows may still wait in quarantine.
  void expect_equal_or_waiting(const std::string& table);
  std::optional<load::TableStatus> status_of(const std::string& stream);

  std::vector<load::UnresolvedKeys> unresolved;  // read it when load stands
  // Waits until load has ended by itself; why.
  Error failure();

 private:
  TempDir dir_;
  std::vector<contract::StreamContract> contracts_;
  Source source_;
  clickhouse::Client client_;
  std::unique_ptr<journal::Reader> reader_;
  std::unique_ptr<load::Load> load_;
  std::promise<Error> failure_;
  bool failure_expected_ = false;
  std::jthread thread_;
};

}  // namespace freshet::test
