#include "adapter/postgres/connection.h"

#include <gtest/gtest.h>

#include "support/postgres.h"

namespace freshet::postgres {
namespace {

using namespace std::chrono_literals;

TEST(Connection, AnswersWithTheOneTextForm) {
  test::TestDatabase database;
  const Result row = database.connection().query(
      "SELECT '1 mon 2 days'::interval, '2026-01-02 03:04:05+02'::timestamptz, 0.1::float4 + $1::float8, "
      "'\\x00ff'::bytea, "
      "$2::text",
      {"0", std::nullopt});
  EXPECT_EQ(row.text(0, 0), "P1M2D");
  EXPECT_EQ(row.text(0, 1), "2026-01-02 01:04:05+00");
  EXPECT_EQ(row.text(0, 3), "\\x00ff");
  EXPECT_FALSE(row.value(0, 4).has_value());
}

// What a database or a role sets for all its sessions isn't meant for ours.
TEST(Connection, AnswersWithTheOneTextFormWhateverTheDatabaseSets) {
  test::TestDatabase database;
  for (const char* setting :
       {"quote_all_identifiers = on", "datestyle = 'German'", "intervalstyle = 'sql_standard'",
        "timezone = 'Asia/Tokyo'", "extra_float_digits = -3", "bytea_output = 'escape'"})
    database.sql("ALTER DATABASE " + database.name() + " SET " + setting);
  Connection session({.url = database.url(), .purpose = "test"});
  const Result row = session.query(
      "SELECT format_type('text'::regtype, -1), '1 mon 2 days'::interval, "
      "'2026-01-02 03:04:05+02'::timestamptz, (1::float8 / 3), '\\x00ff'::bytea");
  EXPECT_EQ(row.text(0, 0), "text");
  EXPECT_EQ(row.text(0, 1), "P1M2D");
  EXPECT_EQ(row.text(0, 2), "2026-01-02 01:04:05+00");
  EXPECT_EQ(row.text(0, 3), "0.3333333333333333");
  EXPECT_EQ(row.text(0, 4), "\\x00ff");
  Connection stream({.url = database.url(), .purpose = "test", .replication = true});
  EXPECT_EQ(stream.run("SHOW quote_all_identifiers").text(0, 0), "off");
}

TEST(Connection, NamesStatementAndServerInAnError) {
  test::TestDatabase database;
  try {
    database.sql("SELECT * FROM nowhere");
    FAIL() << "no error";
  } catch (const SqlError& error) {
    EXPECT_EQ(error.sqlstate(), "42P01");
    EXPECT_EQ(error.kind(), ErrorKind::schema);
    EXPECT_NE(error.message().find(database.name()), std::string::npos) << error.message();
    EXPECT_NE(error.message().find("SELECT * FROM nowhere"), std::string::npos) << error.message();
  }
}

TEST(Connection, AnErrorDoesNotSpoilTheNextStatement) {
  test::TestDatabase database;
  EXPECT_THROW(database.sql("SELECT 1/0"), SqlError);
  EXPECT_EQ(database.sql("SELECT 7").integer(0, 0), 7);
}

TEST(Connection, ADeadlineEndsACallAndItsStatement) {
  test::TestDatabase database;
  Connection slow({.url = database.url(), .purpose = "freshet slow"});
  EXPECT_THROW(slow.query("SELECT pg_sleep(600)", {}, 50ms), SqlError);
  EXPECT_TRUE(test::eventually([&] {
    return database
               .sql(
                   "SELECT 1 FROM pg_stat_activity WHERE application_name = 'freshet slow' AND state = "
                   "'active'")
               .rows() == 0;
  }));
}

TEST(Connection, CopiesInAndOut) {
  test::TestDatabase database;
  database.sql("CREATE TABLE t (a int, b text)");
  Connection& connection = database.connection();
  connection.copy_in_begin("COPY t FROM STDIN");
  std::string rows;
  for (int i = 0; i < 100'000; ++i) rows += std::to_string(i) + "\tx\n";
  connection.copy_in_put(rows);
  EXPECT_EQ(connection.copy_in_end(), 100'000);
  int copied = 0;
  connection.copy_out("COPY t TO STDOUT", [&](std::string_view) { ++copied; }, 60s);
  EXPECT_EQ(copied, 100'000);
  EXPECT_EQ(database.sql("SELECT count(*) FROM t").integer(0, 0), 100'000);
}

TEST(Connection, AServerThatIsAwayIsTransientAndNamed) {
  try {
    Connection({.url = "postgres://somebody:secret@127.0.0.1:1/db", .purpose = "x"});
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::transient);
    EXPECT_EQ(std::string(error.what()).find("secret"), std::string::npos) << error.what();
    EXPECT_NE(error.message().find("127.0.0.1:1/db as somebody"), std::string::npos) << error.message();
  }
}

TEST(Quoting, HoldsForAnyText) {
  test::TestDatabase database;
  for (const std::string text : {"a", "it's", "a\"b", "back\\slash", "ü.x y", "\\'"}) {
    EXPECT_EQ(database.sql("SELECT " + quote_literal(text)).text(0, 0), text);
    database.sql("CREATE TABLE " + quote_identifier(text) + " (a int)");
    EXPECT_EQ(database.sql("SELECT count(*) FROM " + quote_table("public", text)).integer(0, 0), 0);
  }
}

}  // namespace
}  // namespace freshet::postgres
