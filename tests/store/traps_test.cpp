// What the embedded engine does that a ClickHouse server doesn't, and what clients must not see of it.
#include <signal.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "store/compression.h"
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

// The most that the process has ever taken.
long resident_mb(const test::TestStore& store) {
  std::ifstream status("/proc/" + std::to_string(store.pid()) + "/status");
  std::string word;
  while (status >> word && word != "VmHWM:") {
  }
  long kb = 0;
  status >> kb;
  return kb / 1024;
}

TEST_F(Trap, ALargeResultPassesInFlatMemory) {
  run("SELECT number FROM numbers(1000000) FORMAT JSON");
  const long before = resident_mb(server());
  EXPECT_GT(run("SELECT number, toString(number) FROM numbers(10000000) FORMAT JSONEachRow").size(),
            400'000'000u);
  EXPECT_LT(resident_mb(server()) - before, 200) << "megabytes for a result of 400 MB";
}

// 2 GB of rows, a few megabytes on the wire; what it takes are the engine's blocks, which end at 256 MB.
TEST_F(Trap, ALargePackedInsertPassesInFlatMemory) {
  const test::TestStore store;
  const auto encoder = make_encoder(Coding::gzip);
  const std::string rows = std::string(9999, 'x') + "\n";
  std::string some;
  for (int row = 0; row < 200; ++row) some += rows;
  std::string packed;
  for (int part = 0; part < 1000; ++part) encoder->write(some, packed);
  encoder->finish(packed);
  const auto at_store = [&](const std::string& sql) { return send({.url = store.url(), .body = sql}).body; };
  at_store("CREATE DATABASE d");
  at_store("CREATE TABLE d.t (a String) ENGINE = MergeTree ORDER BY tuple()");
  const auto insert = [&](const std::string& body) {
    return send({.url = store.url(),
                 .parameters = {{"query", "INSERT INTO d.t FORMAT TSV"}},
                 .body = body,
                 .headers = {"Content-Encoding: gzip"}})
        .status;
  };
  EXPECT_EQ(insert(packed), 200);
  EXPECT_EQ(at_store("SELECT count(), sum(length(a)) FROM d.t"), "200000\t1999800000\n");
  EXPECT_LT(resident_mb(store), 1500) << "megabytes in all for 2,000 MB of rows";
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
           // What the engine takes for quotes, blanks and comments.
           "SELECT \u201cfile\u201d('" + secret + "')",
           "SELECT file\u00a0('" + secret + "')",
           "/* /* */ ' */ SELECT file('" + secret + "') /* ' */",
           "SELECT 1 // '\n, file('" + secret + "') // '",
           // SQL and paths that hide in texts.
           "SELECT * FROM format(Values, 'a String', $$(file('" + secret + "'))$$)",
           "SELECT * FROM format('Val\\x75es', 'a String', $$(file('" + secret + "'))$$)",
           "SELECT 1 AS a FORMAT Template SETTINGS format_template_row = '" + secret + "'",
           "SELECT * FROM system.one SETTINGS additional_table_filters = {'system.one': 'throwIf(1, "
           "file(\\'" +
               secret + "\\'))'}",
           "SELECT * FROM eval('SELECT file(\\'" + secret +
               "\\')') SETTINGS "
               "allow_experimental_eval_table_function = 1",
           "INSERT INTO " + table_ + " SELECT b FROM input('a String, b String DEFAULT file(\\'" + secret +
               "\\')') FORMAT JSONEachRow {\"a\":1}",
           "SELECT b FROM format(JSONEachRow, 'a String, b String DEFAULT file(\\'" + secret +
               "\\')', '{\"a\":1}')",
           "SELECT b FROM format(JSONEachRow, 'a String, b String DEFAULT file(\\'/proc/self/environ\\')', "
           "'{\"a\":1}')",
           "SELECT 1 INTO OUTFILE '" + server().folder() + "/out'",
           "SELECT * FROM url('http://127.0.0.1:1/', CSV, 'a String')",
           "SELECT * FROM remote('127.0.0.1', 'system', 'one')",
           "CREATE TABLE " + table_ + " (a String) ENGINE = File(CSV, '/etc/passwd')",
           "CREATE TABLE " + table_ + " (a String) ENGINE = URL('http://127.0.0.1/', CSV)",
           "CREATE TABLE " + table_ + " (a String) ENGINE\u00a0=\u00a0Executable('x', CSV)",
           "CREATE DATABASE " + database_.name() + "_files ENGINE = Filesystem('/')",
           "SELECT 1 INTO\u00a0OUTFILE '" + server().folder() + "/data/run/out'",
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
  EXPECT_EQ(post("SELECT 1 FORMAT Template", {{"format_template_row", secret}}).status, 403) << "in the URL";
  const std::string made = server().folder() + "/data/made.db";
  for (const char* user : {"default", "reader"})
    EXPECT_EQ(
        post("SELECT * FROM sqlite('" + made + "', 'x')", {}, {"X-ClickHouse-User: " + std::string(user)})
            .status,
        403);
  EXPECT_FALSE(std::filesystem::exists(made)) << "refused before the engine opened it";
}

// The tables are named as table functions and engines are, as they may be in a source.
TEST_F(Trap, NamesOfForbiddenThingsMayBeNamesOfTables) {
  for (const char* name : {"file", "url", "remote", "values"}) {
    const std::string table = database_.name() + ".`" + name + "`";
    run("CREATE TABLE IF NOT EXISTS " + table +
        " (`a$b` UInt8, `\u00a0\u201c` String) ENGINE = MergeTree ORDER BY `a$b`");
    run("INSERT INTO " + table + " (`a$b`) VALUES (1)");
    EXPECT_EQ(run("SELECT `a$b`, '\u201c\u201d' FROM " + table), "1\t\u201c\u201d\n");
  }
}

// Deeper statements overflowed the stack of the engine's parser.
TEST_F(Trap, NoClientMayLiftTheLimitsOfTheParser) {
  std::string deep = "SELECT ";
  for (int minus = 0; minus < 200'000; ++minus) deep += "- ";
  deep += "1";
  for (const char* limit : {"0", "1000000"}) {
    EXPECT_EQ(post(deep, {{"max_parser_depth", limit}, {"max_query_size", "1000000"}},
                   {"X-ClickHouse-User: reader"})
                  .header("x-clickhouse-exception-code"),
              "452");
  }
  EXPECT_THAT(post(deep, {{"max_query_size", "1000000"}}, {"X-ClickHouse-User: reader"}).body,
              HasSubstr("too deep"));
  for (const char* setting : {"max_parser_depth", "max_ast_depth", "max_ast_elements",
                              "max_expanded_ast_elements", "max_memory_usage"}) {
    EXPECT_NE(post("SELECT 1 SETTINGS " + std::string(setting) + " = 0").status, 200) << setting;
    EXPECT_NE(post("SET " + std::string(setting) + " = 0").status, 200) << setting;
  }
  EXPECT_EQ(run("SELECT 1"), "1\n") << "the engine survived";
}

TEST_F(Trap, AQueryOfTheReaderLeavesHalfOfTheMemory) {
  const Answer answer = post("SELECT getSetting('max_memory_usage')", {}, {"X-ClickHouse-User: reader"});
  EXPECT_EQ(answer.body, std::to_string(4ull * 1024 * 1024 * 1024 * 2 / 5 / 2) + "\n");
  EXPECT_EQ(post("SELECT 1", {{"max_memory_usage", "2000000000"}}, {"X-ClickHouse-User: reader"}).status,
            403);
}

TEST_F(Trap, AStatementCantHideFromItsKill) {
  run("CREATE TABLE " + table_ + " (a UInt64) ENGINE = MergeTree ORDER BY a");
  EXPECT_EQ(run("SELECT getSetting('log_comment') SETTINGS max_threads = 1, log_comment = 'x'",
                {{"query_id", database_.name()}}),
            database_.name() + "\n");
  EXPECT_TRUE(
      send({.url = server().url(),
            .body = "SELECT sum(sipHash64(number)) FROM numbers(450000000000) SETTINGS log_comment = 'x'",
            .timeout_ms = 500})
          .cut);
  EXPECT_TRUE(test::eventually([&] { return !runs_query_like("450000000000"); }));
  run("INSERT INTO " + table_ + " SETTINGS log_comment = 'x' FORMAT CSV\n1\n");
  EXPECT_EQ(run("SELECT count() FROM " + table_), "1\n");
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
