// ClickHouse's HTTP interface as clients use it.
#include <lz4frame.h>
#include <zlib.h>
#include <zstd.h>

#include <thread>

#include "store/compression.h"
#include "store_case.h"

namespace freshet::store {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

using Protocol = StoreCase;

std::string packed(Coding coding, const std::string& text) {
  std::string out;
  const auto encoder = make_encoder(coding);
  encoder->write(text, out);
  encoder->finish(out);
  return out;
}

std::string unpacked(Coding coding, std::string_view in) {
  std::string out;
  std::string part(1 << 16, '\0');
  const auto decoder = make_decoder(coding);
  while (const std::size_t made = decoder->read(in, part)) out.append(part, 0, made);
  decoder->end();
  return out;
}

TEST_F(Protocol, AnswersHealthChecksWithoutCredentials) {
  for (const char* path : {"/ping", "/replicas_status", "/"}) {
    EXPECT_EQ(send({.url = server().url() + path, .get = true}).body, "Ok.\n") << path;
  }
  EXPECT_EQ(send({.url = server().url() + "/nothing", .get = true}).status, 404);
}

TEST_F(Protocol, TakesTheQueryFromUrlBodyOrBoth) {
  EXPECT_EQ(send({.url = server().url(), .parameters = {{"query", "SELECT 1"}}, .get = true}).body, "1\n");
  EXPECT_EQ(post("SELECT 2").body, "2\n");
  EXPECT_EQ(post("+ 2", {{"query", "SELECT 1"}}).body, "3\n");
  EXPECT_EQ(post("SELECT 3; -- the end\n;").body, "3\n");
  EXPECT_EQ(post("/* a */ WITH 4 AS x SELECT x -- no line feed").body, "4\n");
  EXPECT_EQ(post("").status, 400);
}

TEST_F(Protocol, AQueryOfManyKilobytesFitsInTheUrl) {
  const std::string text(200'000, 'x');
  EXPECT_EQ(
      send({.url = server().url(), .parameters = {{"query", "SELECT length('" + text + "')"}}, .get = true})
          .body,
      "200000\n");
}

TEST_F(Protocol, ParametersAreValuesNotSql) {
  const Parameters values{
      {"param_s", "it's; DROP TABLE x\\t\\\\"}, {"param_n", "7"}, {"param_a", "[1,2]"}, {"param_i", "one"}};
  EXPECT_EQ(run("SELECT {s:String}, {n:UInt8} + 1, {a:Array(UInt8)} FROM system.{i:Identifier} FORMAT "
                "JSONCompactEachRow",
                values),
            "[\"it's; DROP TABLE x\\t\\\\\", 8, [1,2]]\n");
  EXPECT_EQ(post("SELECT {missing:UInt8}").header("x-clickhouse-exception-code"), "456");
}

TEST_F(Protocol, SaysWhatAnAnswerIs) {
  const Answer rows =
      post("SELECT number FROM numbers(3)", {{"query_id", "mine"}, {"session_timezone", "Asia/Tokyo"}});
  EXPECT_EQ(rows.header("x-clickhouse-format"), "TabSeparated");
  EXPECT_EQ(rows.header("x-clickhouse-query-id"), "mine");
  EXPECT_EQ(rows.header("x-clickhouse-timezone"), "Asia/Tokyo");
  EXPECT_THAT(rows.header("x-clickhouse-summary"), HasSubstr("\"read_rows\":\"3\""));
  EXPECT_THAT(rows.header("content-type"), StartsWith("text/tab-separated-values"));
  const Answer ddl = post("CREATE TABLE " + table_ + " (a UInt8) ENGINE = MergeTree ORDER BY a");
  EXPECT_EQ(ddl.header("x-clickhouse-format"), "");
  EXPECT_THAT(ddl.header("x-clickhouse-query-id"), testing::SizeIs(36));
  EXPECT_THAT(post("INSERT INTO " + table_ + " FORMAT CSV\n1\n2\n").header("x-clickhouse-summary"),
              HasSubstr("\"written_rows\":\"2\""));
}

TEST_F(Protocol, ChoosesTheFormatByClauseParameterOrHeader) {
  EXPECT_EQ(run("SELECT 1 AS format ORDER BY format DESC", {{"default_format", "CSVWithNames"}}),
            "\"format\"\n1\n");
  EXPECT_EQ(run("SELECT 1 AS a FORMAT JSONEachRow SETTINGS max_threads = 1"), "{\"a\":1}\n");
  EXPECT_EQ(post("SELECT 1 AS a", {}, {"X-ClickHouse-Format: JSONEachRow"}).body, "{\"a\":1}\n");
  EXPECT_THAT(run("SHOW DATABASES FORMAT JSONCompactEachRow"), HasSubstr("[\"system\"]"));
  EXPECT_THAT(run("EXPLAIN SELECT 1"), HasSubstr("ReadFromSystemOne"));
  EXPECT_EQ(run("EXISTS TABLE " + table_), "0\n");
  EXPECT_EQ(post("SELECT 1", {{"default_format", "CSV SETTINGS x"}}).status, 404);
}

TEST_F(Protocol, ErrorsCarryCodeAndStatus) {
  struct Case {
    std::string sql;
    Parameters parameters;
    long status;
    std::string code;
  };
  for (const Case& c : std::vector<Case>{
           {"SELEC 1", {}, 400, "62"},
           {"SELECT * FROM nothing", {}, 404, "60"},
           {"SELECT 1", {{"database", "nothing"}}, 404, "81"},
           {"SELECT 1", {{"nothing", "1"}}, 404, "115"},
           {"SELECT nothing", {}, 404, "47"},
           {"SELECT 1 FORMAT Nothing", {}, 404, "73"},
           {"SELECT * FROM url('http://127.0.0.1:1/', CSV, 'a String')", {}, 403, "497"},
           {"SELECT sleepEachRow(0.1) FROM numbers(100)",
            {{"max_execution_time", "1"}, {"max_block_size", "1"}},
            408,
            "159"},
           {"SELECT groupArray(number) FROM numbers(100000000)",
            {{"max_memory_usage", "50000000"}},
            500,
            "241"},
           {"SELECT '" + std::string(17 << 20, 'x') + "'", {}, 413, "229"},
       }) {
    const Answer answer = post(c.sql, c.parameters);
    EXPECT_EQ(answer.status, c.status) << c.sql.substr(0, 80) << "\n" << answer.body;
    EXPECT_EQ(answer.header("x-clickhouse-exception-code"), c.code) << c.sql.substr(0, 80);
    EXPECT_THAT(answer.body, StartsWith("Code: " + c.code + ". DB::Exception: "));
    EXPECT_THAT(answer.body, HasSubstr("(version "));
  }
  EXPECT_EQ(post("SELECT 1", {}, {"Content-Encoding: br"}).status, 501);
  const Answer by_reader = post("SELEC 1", {}, {"X-ClickHouse-User: reader"});
  EXPECT_EQ(by_reader.status, 400) << by_reader.body;
  EXPECT_THAT(by_reader.body, StartsWith("Code: 62. DB::Exception: Syntax error: failed at position 7 (1)"));
  EXPECT_THAT(by_reader.body, testing::Not(HasSubstr("formatQuery")));
  EXPECT_EQ(send({.url = server().url(), .parameters = {{"query", "SELEC 1"}}, .get = true}).status, 400);
  EXPECT_EQ(run("SELECT 1"), "1\n") << "the engine survived";
}

TEST_F(Protocol, NoClientMakesUpHeaders) {
  EXPECT_EQ(post("SELECT 1", {{"query_id", "a\r\nX-Evil: 1"}}).header("x-clickhouse-exception-code"), "36");
  const Answer answer = post("SELECT 1", {{"session_timezone", "UTC\r\nX-Evil: 1"}});
  EXPECT_NE(answer.status, 200);
  EXPECT_EQ(answer.header("x-evil"), "");
}

TEST_F(Protocol, ABodyThatCantBeReadIsTheClientsFault) {
  const Answer parts =
      post("--x\r\n\r\n1\r\n--x--\r\n", {}, {"Content-Type: multipart/form-data; boundary=x"});
  EXPECT_EQ(parts.status, 501) << parts.body;
  const std::string broken = send_raw(server().port(),
                                      "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
                                      "6\r\nSELECT\r\nzz\r\n");
  EXPECT_THAT(broken, StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(broken, HasSubstr("Code: 117. DB::Exception: the request's body broke off"));
}

TEST_F(Protocol, AGetOnlyReads) {
  const Answer answer =
      send({.url = server().url(), .parameters = {{"query", "CREATE DATABASE x"}}, .get = true});
  EXPECT_EQ(answer.header("x-clickhouse-exception-code"), "164");
  EXPECT_EQ(post("CREATE DATABASE x", {{"readonly", "1"}}).header("x-clickhouse-exception-code"), "164");
  EXPECT_EQ(post("SYSTEM STOP MERGES", {{"readonly", "1"}}).header("x-clickhouse-exception-code"), "164");
  EXPECT_EQ(post("SET max_threads = 1", {{"readonly", "1"}}).status, 200);
}

TEST_F(Protocol, DatabaseIsWhereBareNamesAreLookedFor) {
  run("CREATE TABLE t (a UInt8) ENGINE = Memory", {{"database", database_.name()}});
  EXPECT_EQ(post("SELECT count() FROM t", {}, {"X-ClickHouse-Database: " + database_.name()}).body, "0\n");
  EXPECT_EQ(post("SELECT count() FROM t", {{"database", "na`me"}}).status, 404);
}

TEST_F(Protocol, PacksAnswersAsTheClientLikes) {
  const std::string expected = run("SELECT number FROM numbers(100000)");
  for (const Coding coding : {Coding::gzip, Coding::deflate, Coding::zstd, Coding::lz4}) {
    const std::string name(to_string(coding));
    const Answer answer = post("SELECT number FROM numbers(100000)", {{"enable_http_compression", "1"}},
                               {"Accept-Encoding: br, " + name});
    EXPECT_EQ(answer.header("content-encoding"), name);
    EXPECT_EQ(unpacked(coding, answer.body), expected) << name;
  }
  EXPECT_EQ(post("SELECT 1", {}, {"Accept-Encoding: gzip"}).header("content-encoding"), "")
      << "only when asked to";
}

TEST_F(Protocol, UnpacksBodies) {
  run("CREATE TABLE " + table_ + " (a UInt32) ENGINE = MergeTree ORDER BY a");
  std::string rows;
  for (int row = 0; row < 100'000; ++row) rows += std::to_string(row) + "\n";
  for (const Coding coding : {Coding::gzip, Coding::deflate, Coding::zstd, Coding::lz4}) {
    const std::string name = "Content-Encoding: " + std::string(to_string(coding));
    const std::string data = packed(coding, rows);
    EXPECT_EQ(post(data, {{"query", "INSERT INTO " + table_ + " FORMAT TSV"}}, {name}).status, 200) << name;
    EXPECT_EQ(post(packed(coding, "SELECT 5"), {}, {name}).body, "5\n");
    const Answer cut =
        post(data.substr(0, data.size() / 2), {{"query", "INSERT INTO " + table_ + " FORMAT TSV"}}, {name});
    EXPECT_EQ(cut.header("x-clickhouse-exception-code"), "271") << name << cut.body;
  }
  EXPECT_EQ(run("SELECT count(), max(a) FROM " + table_), "400000\t99999\n")
      << "nothing of a cut body was inserted";
}

TEST_F(Protocol, WaitsForTheEndWhenAskedTo) {
  const std::string breaks =
      "SELECT number, throwIf(number = 900000) FROM numbers(1000000) SETTINGS max_block_size = 10000, "
      "max_threads = 1";
  EXPECT_EQ(post(breaks).status, 200);
  EXPECT_EQ(post(breaks, {{"wait_end_of_query", "1"}}).header("x-clickhouse-exception-code"), "395");
  const Answer whole = post("SELECT number FROM numbers(1000000)", {{"wait_end_of_query", "1"}});
  EXPECT_EQ(whole.body.size(), 6'888'890u);
  EXPECT_THAT(whole.header("x-clickhouse-summary"), HasSubstr("\"read_rows\":\"1000000\""));
}

TEST_F(Protocol, ASessionKeepsItsStateForItsUserAlone) {
  const Parameters session{{"session_id", database_.name()}};
  run("CREATE TEMPORARY TABLE mine (a UInt8)", session);
  run("INSERT INTO mine FORMAT CSV\n1\n", session);
  run("SET max_block_size = 777", session);
  EXPECT_EQ(run("SELECT a, getSetting('max_block_size') FROM mine", session), "1\t777\n");
  EXPECT_EQ(post("SELECT * FROM mine").status, 404);
  EXPECT_EQ(post("SELECT * FROM mine", session, {"X-ClickHouse-User: reader"}).status, 404)
      << "another user's session";
}

TEST_F(Protocol, ASessionAndAnIdAreFreeOnceTheAnswerIsThere) {
  const Parameters same{{"session_id", database_.name()}, {"query_id", database_.name()}};
  for (int time = 0; time < 300; ++time) ASSERT_EQ(run("SELECT 1", same), "1\n") << time;
}

TEST_F(Protocol, SettingsInTheUrlCountForTheirRequestAlone) {
  const Parameters session{{"session_id", database_.name()}};
  run("SET max_block_size = 777", session);
  Parameters with_setting = session;
  with_setting.emplace_back("max_block_size", "5");
  EXPECT_EQ(run("SELECT getSetting('max_block_size')", with_setting), "5\n");
  EXPECT_EQ(run("SELECT getSetting('max_block_size')", with_setting), "5\n");
  EXPECT_EQ(run("SELECT getSetting('max_block_size')", session), "777\n");
}

TEST_F(Protocol, ASessionIsCheckedClosedAndTimedOut) {
  const std::string id = database_.name();
  EXPECT_EQ(
      post("SELECT 1", {{"session_id", id}, {"session_check", "1"}}).header("x-clickhouse-exception-code"),
      "372");
  run("SET max_threads = 1", {{"session_id", id}, {"session_timeout", "1"}});
  EXPECT_EQ(post("SELECT 1", {{"session_id", id}, {"session_check", "1"}, {"session_timeout", "1"}}).status,
            200);
  EXPECT_TRUE(test::eventually(
      [&] { return post("SELECT 1", {{"session_id", id + "x"}, {"session_check", "1"}}).status == 404; }));
  run("SELECT 1", {{"session_id", id}, {"close_session", "1"}});
  EXPECT_EQ(post("SELECT 1", {{"session_id", id}, {"session_check", "1"}}).status, 404);
  EXPECT_EQ(post("SELECT 1", {{"session_id", id}, {"session_timeout", "99999"}})
                .header("x-clickhouse-exception-code"),
            "374");
}

TEST_F(Protocol, TheReadersSessionsTakeNoPlaceOfTheOwners) {
  const std::string id = database_.name();
  const Parameters mine{{"session_id", id}, {"session_timeout", "600"}};
  run("CREATE TEMPORARY TABLE mine (a UInt8)", mine);
  for (int number = 0; number <= 500; ++number) {
    const Answer answer =
        post("SELECT 1", {{"session_id", id + std::to_string(number)}, {"session_timeout", "600"}},
             {"X-ClickHouse-User: reader"});
    ASSERT_EQ(answer.status, 200) << answer.body;
  }
  EXPECT_EQ(run("SELECT count() FROM mine", mine), "0\n");
  EXPECT_EQ(
      post("SELECT 1", {{"session_id", id + "0"}, {"session_check", "1"}}, {"X-ClickHouse-User: reader"})
          .status,
      404)
      << "the reader's own oldest has made room";
}

TEST_F(Protocol, SaysWhatAUserMayDo) {
  EXPECT_EQ(run("CHECK GRANT INSERT ON *.*"), "1\n");
  EXPECT_EQ(post("CHECK GRANT INSERT ON *.*", {}, {"X-ClickHouse-User: reader"}).body, "0\n");
  EXPECT_EQ(post("CHECK GRANT SELECT ON " + table_, {}, {"X-ClickHouse-User: reader"}).body, "1\n");
}

TEST_F(Protocol, ASessionInUseIsLockedAndAnIdInUseIsTaken) {
  const std::string slow =
      "SELECT sum(sipHash64(number)) FROM numbers(300000000000) FORMAT TSV -- " + database_.name();
  const std::string id = database_.name();
  std::jthread user([&] {
    const Answer answer = post(slow, {{"session_id", id}, {"query_id", id}});
    EXPECT_EQ(answer.header("x-clickhouse-exception-code"), "394") << answer.body;
  });
  ASSERT_TRUE(test::eventually([&] { return runs_query_like("300000000000"); }));
  EXPECT_EQ(post("SELECT 1", {{"session_id", id}}).header("x-clickhouse-exception-code"), "373");
  EXPECT_EQ(post("SELECT 1", {{"query_id", id}}).header("x-clickhouse-exception-code"), "216");
  EXPECT_EQ(post("KILL QUERY WHERE query_id = '" + id + "' SYNC").status, 200);
  user.join();
  EXPECT_EQ(run("SELECT 1", {{"session_id", id}}), "1\n") << "the session goes on";
}

TEST_F(Protocol, AClientThatLeavesEndsItsQuery) {
  for (const char* sql : {"SELECT sum(sipHash64(number)) FROM numbers(400000000000)",  // no byte yet
                          "SELECT number FROM numbers(400000000000)"}) {               // amid its rows
    EXPECT_TRUE(send({.url = server().url(), .body = sql, .timeout_ms = 500}).cut) << sql;
    EXPECT_TRUE(test::eventually([&] { return !runs_query_like("400000000000"); })) << sql;
  }
  run("CREATE TABLE " + table_ + " (a UInt64) ENGINE = Null");
  const std::string copy = "INSERT INTO " + table_ + " SELECT sipHash64(number) FROM numbers(500000000000)";
  EXPECT_TRUE(send({.url = server().url(), .body = copy, .timeout_ms = 500}).cut);
  EXPECT_TRUE(test::eventually([&] { return !runs_query_like("500000000000"); }));
}

TEST_F(Protocol, AnsweresTheHelloOfTheGoClient) {
  const Answer answer = post("SELECT displayName(), version(), revision(), timezone()",
                             {{"client_protocol_version", "54460"}, {"default_format", "Native"}});
  EXPECT_EQ(answer.header("x-clickhouse-format"), "Native");
  const std::string block_info("\x01\x00\x02\xff\xff\xff\xff\x00", 8);
  EXPECT_THAT(answer.body, StartsWith(block_info + "\x04\x01\x0d"
                                                   "displayName()\x06String"));
  const std::string revision_zero("revision()\x06UInt32\x00\x00\x00\x00\x00", 22);
  EXPECT_THAT(answer.body, HasSubstr(revision_zero));
}

}  // namespace
}  // namespace freshet::store
