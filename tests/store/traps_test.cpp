// What the embedded engine does that a ClickHouse server doesn't, and what clients must not see of it.
#include <signal.h>

#include <fstream>
#include <thread>

#include "store_case.h"

namespace freshet::store {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

using Trap = StoreCase;

const std::string kBreaks =
    "SELECT 'left over', throwIf(number = 90000) FROM numbers(100000) SETTINGS max_block_size = 1000, "
    "max_threads = 1";

TEST_F(Trap, RowsOfAFailedStatementDontComeBeforeTheNextResult) {
  const Parameters session{{"session_id", database_.name()}};
  EXPECT_THAT(post(kBreaks, session).body, HasSubstr("__exception__"));
  EXPECT_EQ(run("SELECT 1", session), "1\n");
  run("CREATE TABLE " + table_ + " (a UInt64) ENGINE = MergeTree ORDER BY a");
  EXPECT_NE(
      post("INSERT INTO " + table_ + " SELECT throwIf(number = 90000) FROM numbers(100000)", session).status,
      200);
  EXPECT_EQ(run("SELECT 2", session), "2\n");
  EXPECT_EQ(run("KILL QUERY WHERE query_id = 'nobody'", session), "");
}

TEST_F(Trap, ABlankLineInADataBodyIsDataAndNoEnd) {
  run("CREATE TABLE " + table_ + " (a String) ENGINE = MergeTree ORDER BY a");
  run("INSERT INTO " + table_ + " FORMAT CSV\n\"one\n\ntwo\"\n\n\"DROP TABLE " + table_ + "\"\n");
  EXPECT_EQ(run("SELECT a FROM " + table_ + " ORDER BY a FORMAT JSONEachRow"),
            "{\"a\":\"\"}\n{\"a\":\"DROP TABLE " + table_ + "\"}\n{\"a\":\"one\\n\\ntwo\"}\n");
  EXPECT_NE(post("INSERT INTO " + table_ + " VALUES ('x');\n\nDROP TABLE " + table_).status, 200);
  EXPECT_NE(post("('x'); DROP TABLE " + table_, {{"query", "INSERT INTO " + table_ + " VALUES"}}).status,
            200);
  EXPECT_EQ(run("SELECT count() FROM " + table_), "3\n");
}

TEST_F(Trap, ABlockOfTenColumnsBeginsWithALineFeed) {
  run("CREATE TABLE " + table_ +
      " (a UInt8, b UInt8, c UInt8, d UInt8, e UInt8, f UInt8, g UInt8, h UInt8, i UInt8, j UInt8)"
      " ENGINE = MergeTree ORDER BY a");
  const std::string block = run(
      "SELECT 1 AS a, 2 AS b, 3 AS c, 4 AS d, 5 AS e, 6 AS f, 7 AS g, 8 AS h, 9 AS i, 10 AS j FORMAT Native");
  ASSERT_EQ(block.front(), '\n');
  run("INSERT INTO " + table_ + " FORMAT Native\n" + block);
  run(block, {{"query", "INSERT INTO " + table_ + " FORMAT Native"}});
  EXPECT_EQ(run("SELECT count(), sum(j) FROM " + table_), "2\t20\n");
}

TEST_F(Trap, AStreamedResultIsOneDocument) {
  const std::string json = run("SELECT number FROM numbers(300000) FORMAT JSON");
  EXPECT_EQ(json.find("\"meta\""), json.rfind("\"meta\""));
  EXPECT_THAT(json, HasSubstr("\"rows\": 300000"));
  const std::string csv = run("SELECT number AS head FROM numbers(300000) FORMAT CSVWithNames");
  EXPECT_EQ(csv.find("head"), csv.rfind("head"));
  const std::string parquet = run("SELECT number FROM numbers(300000) FORMAT Parquet");
  EXPECT_THAT(parquet, StartsWith("PAR1"));
  EXPECT_THAT(parquet, EndsWith("PAR1"));
}

TEST_F(Trap, ALargeResultPassesInFlatMemory) {
  const auto resident_mb = [] {
    std::ifstream status("/proc/" + std::to_string(server().pid()) + "/status");
    std::string word;
    while (status >> word && word != "VmHWM:") {
    }
    long kb = 0;
    status >> kb;
    return kb / 1024;
  };
  run("SELECT number FROM numbers(1000000) FORMAT JSON");
  const long before = resident_mb();
  EXPECT_GT(run("SELECT number, toString(number) FROM numbers(10000000) FORMAT JSONEachRow").size(),
            400'000'000u);
  EXPECT_LT(resident_mb() - before, 200) << "megabytes for a result of 400 MB";
}

TEST_F(Trap, AnErrorInMidStreamIsAnnounced) {
  const Answer answer = post(kBreaks + ", http_write_exception_in_output_format = 0");
  const std::string tag = answer.header("x-clickhouse-exception-tag");
  EXPECT_THAT(tag, testing::SizeIs(16));
  EXPECT_THAT(answer.body, HasSubstr("\r\n__exception__\r\n" + tag + "\r\nCode: 395. DB::Exception: "));
  EXPECT_THAT(answer.body, EndsWith(" " + tag + "\r\n__exception__\r\n"));
  EXPECT_FALSE(answer.cut);
}

TEST_F(Trap, AnInsertThatWaitsForItsClientCanBeKilled) {
  run("CREATE TABLE " + table_ + " (a UInt64) ENGINE = MergeTree ORDER BY a");
  // Announced but never sent: the insert waits. The client gives up after the kill was tried.
  std::jthread client([&] {
    send({.url = server().url(),
          .parameters = {{"query", "INSERT INTO " + table_ + " FORMAT CSV"}, {"query_id", database_.name()}},
          .body = "1\n",
          .headers = {"Content-Length: 100"},
          .timeout_ms = 2'000});
  });
  ASSERT_TRUE(test::eventually([&] { return runs_query_like("INSERT INTO " + table_); }));
  EXPECT_EQ(post("KILL QUERY WHERE query_id = '" + database_.name() + "' SYNC").status, 200);
  client.join();
  EXPECT_TRUE(test::eventually([&] { return !runs_query_like("INSERT INTO " + table_); }));
  EXPECT_EQ(run("SELECT count() FROM " + table_), "0\n");
}

TEST_F(Trap, FilesProgramsAndOtherHostsStayOutOfReach) {
  const std::string secret = server().folder() + "/log";
  for (const std::string& sql : std::vector<std::string>{
           "SELECT * FROM file('" + secret + "', LineAsString)",
           "SELECT file('" + secret + "')",
           // What no check of the statement sees: the kernel's fence refuses it.
           "SELECT * FROM format(Values, 'a String', $$(file('" + secret + "'))$$)",
           "SELECT 1 INTO OUTFILE '" + server().folder() + "/out'",
           "SELECT * FROM url('http://127.0.0.1:1/', CSV, 'a String')",
           "SELECT * FROM remote('127.0.0.1', 'system', 'one')",
           "CREATE TABLE " + table_ + " (a String) ENGINE = File(CSV, '/etc/passwd')",
           "CREATE TABLE " + table_ + " (a String) ENGINE = URL('http://127.0.0.1/', CSV)",
           "CREATE DICTIONARY " + table_ +
               " (a UInt8, b String) PRIMARY KEY a SOURCE(EXECUTABLE(command 'id' format 'CSV')) "
               "LAYOUT(FLAT()) LIFETIME(0)",
           "CREATE USER x",
           "GRANT owner TO default",
           "SYSTEM SHUTDOWN",
           "BACKUP DATABASE " + database_.name() + " TO File('/tmp/x')",
           "SELECT 1; SELECT 2",
           "SELECT 1; DROP DATABASE " + database_.name() + "; nonsense(",
       }) {
    const Answer answer = post(sql);
    EXPECT_NE(answer.status, 200) << sql << "\n" << answer.body;
    EXPECT_THAT(answer.body, Not(HasSubstr("store_ready"))) << sql;
  }
  EXPECT_EQ(run("EXISTS DATABASE " + database_.name()), "1\n");
}

TEST_F(Trap, DroppedTablesGiveTheirDiskBackSoon) {
  EXPECT_EQ(run("SELECT value FROM system.server_settings WHERE name = "
                "'database_atomic_delay_before_drop_table_sec'"),
            "10\n");
}

TEST_F(Trap, MemoryIsLimitedAndTheEngineSurvives) {
  EXPECT_EQ(run("SELECT value FROM system.server_settings WHERE name = 'max_server_memory_usage'"),
            std::to_string(4ull * 1024 * 1024 * 1024 * 2 / 5) + "\n");
  EXPECT_EQ(post("SELECT groupArray(number) FROM numbers(1000000000)").header("x-clickhouse-exception-code"),
            "241");
  EXPECT_EQ(run("SELECT 1"), "1\n");
}

}  // namespace
}  // namespace freshet::store
