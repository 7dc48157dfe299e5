// Capture's connections to the source: never more than it says, and looked for before the first one matters.
#include <gtest/gtest.h>

#include <algorithm>

#include "line.h"

namespace freshet::capture::test {
namespace {

using namespace std::chrono_literals;

TEST(Connections, AreNeverMoreThanTheWorkersAndItsOwn) {
  TestDatabase database;
  std::vector<std::string> tables;
  for (int i = 0; i < 4; ++i) {
    tables.push_back("t" + std::to_string(i));
    database.sql("CREATE TABLE " + tables.back() + " (id int PRIMARY KEY); INSERT INTO " + tables.back() +
                 " SELECT generate_series(1, 20000)");
  }
  Line line(database);
  line.options.snapshot.workers = 2;
  line.options.snapshot.chunk_bytes = 16 << 10;
  line.options.snapshot.rows_per_second = 5'000;  // the workers stay
  line.start(tables);
  const auto count = [&](const std::string& names) {
    return database
        .sql("SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE '" + names +
             "' AND datname = current_database()")
        .integer(0, 0);
  };
  const auto all = [&] { return count("freshet capture%") + count("freshet snapshot"); };
  std::int64_t most = 0;
  EXPECT_TRUE(eventually(
      [&] {
        database.sql("UPDATE t0 SET id = -id WHERE id IN (-1, 1)");  // makes it look into the catalogue
        most = std::max(most, all());
        return count("freshet snapshot") == 2 && count("freshet capture catalogue") == 1 &&
               all() >= Capture::kOwnConnections + 2;  // what beats comes when it comes
      },
      60s));
  EXPECT_EQ(std::max(most, all()), Capture::kOwnConnections + 2);
}

TEST(Connections, ThatTheServerHasNotAreMissedAtTheStart) {
  PostgresServer server({"max_connections = 12", "superuser_reserved_connections = 3"});
  postgres::Connection admin({.url = server.url(), .purpose = "admin"});
  admin.run("CREATE PUBLICATION p; CREATE ROLE reader LOGIN REPLICATION");
  const auto error_of = [&](const std::string& url, int connections, bool slot_must_be_made = true) {
    EXPECT_TRUE(eventually([&] {  // the one before may still be on its way out
      return admin.query("SELECT 1 FROM pg_stat_activity WHERE backend_type = 'client backend'").rows() == 1;
    }));
    postgres::Connection connection({.url = url, .purpose = "freshet capture"});
    try {
      check_source(connection, {.publication = "p",
                                .slot_must_be_made = slot_must_be_made,
                                .connections = connections,
                                .tables = {}});
    } catch (const Error& error) {
      return error;
    }
    return Error(ErrorKind::cancelled, "no error");
  };
  std::string reader = server.url();
  reader.replace(reader.find("postgres@"), 8, "reader");
  // 12, less 3 for superusers and one that is taken.
  EXPECT_EQ(error_of(reader, 8).message(), "no error");
  const Error short_of = error_of(reader, 9);
  EXPECT_EQ(short_of.kind(), ErrorKind::capacity);
  EXPECT_NE(short_of.message().find("8 of 12 connections are left"), std::string::npos) << short_of.message();
  EXPECT_NE(short_of.hint().find("max_connections"), std::string::npos) << short_of.hint();
  EXPECT_NE(short_of.hint().find("limits.snapshot_workers"), std::string::npos) << short_of.hint();
  EXPECT_EQ(error_of(server.url(), 11).message(), "no error") << "a superuser's";
  // What has run before isn't kept from running because the server is busy now.
  EXPECT_EQ(error_of(reader, 9, false).message(), "no error");
}

}  // namespace
}  // namespace freshet::capture::test
