// A real PostgreSQL for tests. One server serves all tests of a process; each test takes a database of its
// own.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "adapter/postgres/connection.h"
#include "change/lsn.h"
#include "support/process.h"

namespace freshet::test {

// A server of its own in a temporary folder, for tests that kill or restart it. wal_level=logical, trust on
// loopback, superuser `postgres`.
class PostgresServer {
 public:
  // `settings`: lines for postgresql.conf, e.g. "max_wal_senders = 2".
  explicit PostgresServer(const std::vector<std::string>& settings = {});

  // A standby that follows `primary`, from a copy of its folder.
  static PostgresServer standby_of(const PostgresServer& primary);
  // Of a standby: waits until it has all that the primary has written, then until it writes itself.
  void promote(Lsn all_of_it);

  std::string url(const std::string& database = "postgres") const;
  int port() const { return port_; }
  const std::string& data() const { return data_; }
  void start();  // waits until it answers
  void stop(const char* mode = "fast");
  void kill();  // kill -9 of the postmaster and its children: a crash
  // Of a stopped one: starts it, and its WAL goes on in this file of a later position.
  void go_on_at(const std::string& wal_file);
  bool running() { return process_ != nullptr && process_->running(); }

 private:
  PostgresServer(const PostgresServer& primary, int port);
  void launch();

  TempDir dir_;
  std::string data_;
  int port_ = 0;
  std::unique_ptr<Process> process_;
};

// The path of one of PostgreSQL's programs (pg_dump, psql), of the version that the servers are of.
std::string postgres_program(const std::string& name);

// The server shared by the tests: FRESHET_TEST_POSTGRES (a URL of a superuser) where set, else one started on
// first use.
std::string shared_postgres_url(const std::string& database = "postgres");

// A database that goes with the object; its replication slots go, too.
class TestDatabase {
 public:
  explicit TestDatabase(const std::string& server_url = shared_postgres_url());
  TestDatabase(const TestDatabase&) = delete;
  TestDatabase& operator=(const TestDatabase&) = delete;
  ~TestDatabase();

  const std::string& url() const { return url_; }
  const std::string& name() const { return name_; }
  postgres::Connection& connection() { return *connection_; }
  postgres::Result sql(const std::string& statements) {
    return connection_->run(statements, std::chrono::seconds(120));
  }

 private:
  std::string server_url_;
  std::string name_;
  std::string url_;
  std::unique_ptr<postgres::Connection> connection_;
};

}  // namespace freshet::test
