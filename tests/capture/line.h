// A database, a capture that runs, and the journal behind it.
#pragma once

#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "capture/capture.h"
#include "journal/journal.h"
#include "journal_view.h"
#include "support/postgres.h"

namespace freshet::capture::test {

using freshet::test::eventually;
using freshet::test::PostgresServer;
using freshet::test::TempDir;
using freshet::test::TestDatabase;

class Line {
 public:
  // Heartbeats come often, so that tests need not wait for them.
  explicit Line(TestDatabase& database);
  ~Line();

  Options options;  // change before start()
  // Stands between capture and the journal where set: to fail, to block, to count.
  std::function<std::unique_ptr<journal::Writer>(std::unique_ptr<journal::Writer>)> wrap;

  void start(const std::vector<std::string>& tables);
  // Ends it. "" when it was asked to, else the error that ended it.
  std::string stop();
  // As after a crash: a new writer, and a new capture over the same journal.
  void restart();
  // Waits until it ends by itself; its error.
  Error wait_for_failure();

  // Waits until everything committed so far is in the journal, and reads it.
  JournalView& caught_up();
  JournalView& view() { return view_; }
  Capture& capture() { return *capture_; }
  CaptureStatus status() const { return capture_->status(); }
  const std::string& journal_directory() const { return journal_directory_; }

  // What the view holds of a table is what the source holds; the table's name as SQL and as a stream.
  void expect_equal(const std::string& stream, const std::string& key);

 private:
  void run();

  TestDatabase& database_;
  TempDir data_;
  std::string journal_directory_;
  std::unique_ptr<journal::Writer> writer_;
  std::unique_ptr<journal::Reader> reader_;
  JournalView view_;
  std::unique_ptr<Capture> capture_;
  std::optional<Error> failure_;
  std::jthread thread_;
};

}  // namespace freshet::capture::test
