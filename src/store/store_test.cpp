#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/access.h"
#include "store/clickhouse_error.h"
#include "store/compression.h"
#include "store/forbidden.h"
#include "store/held_output.h"
#include "store/lexer.h"
#include "store/query_request.h"
#include "store/statement.h"

namespace freshet::store {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> pieces(std::string_view sql) {
  std::vector<std::string> out;
  for (const Token& token : tokenize(sql)) out.emplace_back(text_of(token, sql));
  return out;
}

TEST(Lexer, KnowsWhatIsTextAndWhatIsSql) {
  EXPECT_THAT(pieces("a -- ; x\n'it''s; \\' ;' /* ; */ `b;` # ;\n \"c\"\"d\" $$ ; $$ $t$ $ ; $t$ 1e3;"),
              ElementsAre("a", "'it''s; \\' ;'", "`b;`", "\"c\"\"d\"", "$$ ; $$", "$t$ $ ; $t$", "1e3", ";"));
}

// Each of these hid a call of file() in what we took for text.
TEST(Lexer, CommentsEndWhereTheEngineEndsThem) {
  EXPECT_THAT(pieces("/* /* */ ' */ a /* ' */"), ElementsAre("a"));
  EXPECT_THAT(pieces("1 // '\n, a // '"), ElementsAre("1", ",", "a"));
}

bool is_clear(std::string_view sql) {
  return std::ranges::none_of(tokenize(sql),
                              [](const Token& token) { return token.kind == Token::Kind::unclear; });
}

TEST(Lexer, SaysWhereTheEngineCouldReadAnotherText) {
  for (const std::string_view sql :
       {"\u201cfile\u201d('x')", "file\u00a0('x')", "1 \u2212\u2212 x", "a$$b", "1$$'$$ file('x')--'",
        "1.e$$'$$", "1e--'\n, file('x')--'", "1.e--'", "0x1p--'", "$a", "a \x01 b", "\x7f"}) {
    EXPECT_FALSE(is_clear(sql)) << sql;
  }
  EXPECT_FALSE(is_clear(std::string_view("a\0b", 3)));
  for (const std::string_view sql : {"'\u201cä\u201d'", "`\u00a0`", "1--x", "a.b -- \u201c", "type-- x",
                                     "1e-3", "$x y$ ' $x y$", "a\t\r\n\f\vb"}) {
    EXPECT_TRUE(is_clear(sql)) << sql;
  }
}

TEST(Lexer, AnOpenTextReachesToTheEnd) {
  EXPECT_THAT(pieces("a 'b ; c"), ElementsAre("a", "'b ; c"));
}

TEST(Lexer, NamesAreWhatQuotesHold) {
  const std::string_view sql = "`f\\`i``l` e";
  EXPECT_EQ(name_of(tokenize(sql)[0], sql), "f`i`l");
  EXPECT_EQ(name_of(tokenize(sql)[1], sql), "e");
}

std::string data_of(std::string_view text) {
  const auto head = find_insert_head(text, true);
  return head ? head->format + "|" + head->sql + "|" + std::string(text.substr(head->data_begin)) : "none";
}

TEST(InsertHead, EndsAfterTheFormatAndOneLineFeed) {
  EXPECT_EQ(data_of("INSERT INTO t (a, b) FORMAT CSV \n\n1;2"), "CSV|INSERT INTO t (a, b) |\n1;2");
  EXPECT_EQ(data_of("insert into `format` format JSONEachRow {}"), "JSONEachRow|insert into `format` |{}");
  EXPECT_EQ(data_of("/* seed */ INSERT INTO a.values FORMAT TSV\r\nx"),
            "TSV|/* seed */ INSERT INTO a.values |x");
}

// A block of ten columns and no rows: 0x0A 0x00.
TEST(InsertHead, ANativeBlockOfTenColumnsKeepsItsFirstByte) {
  const std::string_view text("INSERT INTO t FORMAT Native\n\n\0", 30);
  EXPECT_EQ(text.substr(find_insert_head(text, true)->data_begin), std::string_view("\n\0", 2));
}

TEST(InsertHead, IsNotFoundWhereTheDataIsSql) {
  for (const char* sql :
       {"INSERT INTO t VALUES (1)", "INSERT INTO t SELECT 1 FORMAT CSV", "SELECT 1 FORMAT CSV",
        "INSERT INTO t WITH x AS (SELECT 1) SELECT * FROM x", "INSERT INTO t FORMAT Values (1)"}) {
    EXPECT_EQ(data_of(sql), "none") << sql;
  }
}

TEST(InsertHead, WaitsForTextThatIsCutWithinIt) {
  const std::string_view text = "INSERT INTO t FORMAT JSONEachRow\n{}";
  for (std::size_t size = 0; size < text.find('\n') + 1; ++size) {
    EXPECT_FALSE(find_insert_head(text.substr(0, size), false)) << text.substr(0, size);
  }
  EXPECT_EQ(find_insert_head(text, false)->data_begin, text.find('{'));
}

const Vocabulary kVocabulary({"file", "numbers", "sqlite", "url", "someNewReader", "format"},
                             {"File", "MergeTree", "Executable", "Filesystem", "Atomic"},
                             {"format_schema", "format_template_row", "additional_table_filters", "dialect",
                              "log_comment", "insert_deduplication_token"});

bool is_refused(std::string_view sql, User user = User::owner) {
  try {
    refuse_forbidden(tokenize(sql), sql, kVocabulary, user);
    return false;
  } catch (const ClickHouseError& error) {
    return error.code() == code::kAccessDenied;
  }
}

TEST(Forbidden, FilesProgramsAndRolesInEveryDisguise) {
  for (const char* sql : {
           "SELECT * FROM file('/etc/passwd')",
           "SELECT `file`('/etc/passwd')",
           "SELECT `fil\\x65`('/etc/passwd')",
           "SELECT FILE /* x */ ('/etc/passwd')",
           "SELECT '/etc/passwd' AS p, * APPLY(file)",
           "SELECT COLUMNS('p') APPLY file",
           "CREATE VIEW v AS SELECT (SELECT file('x'))",
           "SELECT * FROM executable('x', 'CSV', 'a String')",
           "SELECT 1 INTO OUTFILE '/tmp/x'",
           "SELECT 1 into/**/outfile '/tmp/x'",
           "INSERT INTO FUNCTION file('x') SELECT 1",
           "INSERT INTO TABLE FUNCTION url('x') SELECT 1",
           "INSERT INTO t FROM INFILE 'x' FORMAT CSV",
           "CREATE DICTIONARY d (a UInt8) PRIMARY KEY a SOURCE(EXECUTABLE(command 'id' format 'CSV')) "
           "LAYOUT(FLAT())",
           "CREATE DICTIONARY d (a UInt8) PRIMARY KEY a SOURCE(`file`(path 'x')) LAYOUT(FLAT())",
           "CREATE TABLE t (a UInt8) ENGINE = Executable('x', 'CSV')",
           "SET ROLE owner",
           "SET DEFAULT ROLE owner TO default",
           "EXECUTE AS x SELECT 1",
           "BACKUP TABLE t TO File('x')",
           "CREATE TABLE t (a UInt8) ENGINE = `Executable`('x', 'CSV')",
           "CREATE DATABASE d ENGINE Filesystem('/')",
           "SELECT * FROM SQLite('x', 'y')",
           "SELECT * FROM somenewreader('x')",
           "DESCRIBE TABLE url('x')",
           "INSERT INTO TABLE FUNCTION sqlite('x', 'y') SELECT 1",
           "SELECT 1 SETTINGS format_schema = 'x'",
           "SELECT * FROM (SELECT 1 SETTINGS a = 1, `format_template_row` = 'x')",
           "SET dialect = 'kusto'",
           "SELECT 1 SETTINGS additional_table_filters = {'t': 'file(1)'}",
           "SELECT * FROM format(Values, 'a String', $$(file('x'))$$)",
           "SELECT * FROM format('val\\x75es', 'a String', '')",
           "SELECT * FROM format($$Values$$, 'a String', '')",
           "SELECT * FROM format(concat('Val', 'ues'), 'a String', '')",
           "SELECT * FROM format(CSV, 'a String, b String DEFAULT file(1)', '')",
           "SELECT * FROM format(CSV, $$a String$$, '')",
           "SELECT * FROM format(CSV, concat('a String DEF', 'AULT file(1)'), '')",
           "INSERT INTO t SELECT * FROM input('a String ALIAS file(1)') FORMAT CSV",
           "CREATE DICTIONARY d (a UInt8) PRIMARY KEY a SOURCE(CLICKHOUSE(QUERY 'SELECT file(1)')) "
           "LAYOUT(FLAT())",
           "CREATE DICTIONARY d (a UInt8) PRIMARY KEY a SOURCE(CLICKHOUSE(DB 'd' TABLE 't' WHERE 'file(1)'))",
           "CREATE DICTIONARY d (a UInt8) PRIMARY KEY a SOURCE(NULL()) SETTINGS(dialect = 'kusto')",
       }) {
    EXPECT_TRUE(is_refused(sql)) << sql;
  }
}

TEST(Forbidden, NotTheSameWordsWhereTheyMeanSomethingElse) {
  for (const char* sql :
       {"SELECT file, source FROM t", "SELECT 'INTO OUTFILE'", "SELECT 1 -- file('x')", "SET max_threads = 1",
        "CREATE DICTIONARY d (a UInt8) PRIMARY KEY a SOURCE(CLICKHOUSE(TABLE 't')) LAYOUT(FLAT())",
        "CREATE TABLE t (file String) ENGINE = MergeTree ORDER BY file",
        "CREATE TABLE IF NOT EXISTS d.`file` (a UInt8) ENGINE MergeTree ORDER BY a",
        "INSERT INTO d.url (a) VALUES (1)", "SELECT engine FROM t WHERE engine = 'File'",
        "SELECT format('{}: {}', a, b), formatRow('CSV', a) FROM numbers(3)",
        "SELECT * FROM format(JSONEachRow, '{}')", "SELECT * FROM format(CSV, 'a String, b UInt8', '')",
        "SELECT format('{} {}', concat(a, b), 'x')", "SELECT * FROM input('a String')",
        "CREATE DICTIONARY d (a UInt8) PRIMARY KEY a SOURCE(CLICKHOUSE(HOST 'localhost' DB 'd' TABLE 't' "
        "USER "
        "'default')) LAYOUT(FLAT())",
        "CREATE DICTIONARY d (a UInt8) PRIMARY KEY a SOURCE(NULL()) LAYOUT(FLAT())",
        "SELECT format_schema FROM t WHERE format_schema = ''",
        "SELECT 1 SETTINGS max_threads = 1, log_comment = 'x', insert_deduplication_token = 'y'"}) {
    EXPECT_FALSE(is_refused(sql)) << sql;
  }
}

TEST(Forbidden, TheReaderDoesntChooseHowMuchMemoryAQueryMayTake) {
  EXPECT_TRUE(is_refused("SELECT 1 SETTINGS max_memory_usage = 1", User::reader));
  EXPECT_FALSE(is_refused("SELECT 1 SETTINGS max_memory_usage = 1", User::owner));
}

std::string unpacked(Coding coding, std::string_view packed, std::size_t step) {
  const auto decoder = make_decoder(coding);
  std::string out;
  std::string part(7000, '\0');
  for (; !packed.empty(); packed.remove_prefix(std::min(step, packed.size()))) {
    std::string_view in = packed.substr(0, step);
    for (;;) {
      const std::size_t made = decoder->read(in, part);
      out.append(part, 0, made);
      if (made == 0 && in.empty()) break;
    }
  }
  decoder->end();
  return out;
}

class Compression : public testing::TestWithParam<Coding> {};

TEST_P(Compression, ComesBackWhateverTheCutsAre) {
  std::string text;
  for (int row = 0; row < 40'000; ++row) text += std::to_string(row * 7919 % 10'007) + ",";
  std::string packed;
  const auto encoder = make_encoder(GetParam());
  for (std::size_t at = 0; at < text.size(); at += 9'999)
    encoder->write(std::string_view(text).substr(at, 9'999), packed);
  encoder->finish(packed);
  for (const std::size_t step : {std::size_t{1}, std::size_t{4096}, packed.size()}) {
    EXPECT_EQ(unpacked(GetParam(), packed, step), text);
  }
  if (GetParam() == Coding::identity) return;
  EXPECT_LT(packed.size(), text.size());
  EXPECT_THROW(unpacked(GetParam(), packed.substr(0, packed.size() / 2), 4096), ClickHouseError) << "cut off";
  EXPECT_THROW(unpacked(GetParam(), "this isn't compressed", 4096), ClickHouseError);
}

INSTANTIATE_TEST_SUITE_P(All, Compression,
                         testing::Values(Coding::identity, Coding::gzip, Coding::deflate, Coding::zstd,
                                         Coding::lz4),
                         [](const auto& info) { return std::string(to_string(info.param)); });

TEST(Errors, TheFirstCodeCountsAndTheVersionIsAdded) {
  const auto error = ClickHouseError::of_engine("Code: 27. DB::Exception: x Code: 60. y (CANNOT_PARSE)");
  EXPECT_EQ(error.code(), 27);
  EXPECT_EQ(error.text("1.2"),
            "Code: 27. DB::Exception: x Code: 60. y (CANNOT_PARSE) (version 1.2 (embedded))\n");
}

TEST(Errors, InvalidUtf8BecomesValid) {
  EXPECT_THAT(ClickHouseError::of_engine("Code: 1. \xff\xc3\xa9\xe2\x82").what(),
              HasSubstr("1. \xef\xbf\xbd\xc3\xa9\xef\xbf\xbd"));
}

TEST(Errors, StatusesAreThoseOfClickHouse) {
  for (const auto& [code, status] : std::map<int, int>{{62, 400},
                                                       {497, 403},
                                                       {516, 403},
                                                       {60, 404},
                                                       {81, 404},
                                                       {115, 404},
                                                       {159, 408},
                                                       {229, 413},
                                                       {48, 501},
                                                       {209, 503},
                                                       {241, 500}}) {
    EXPECT_EQ(http_status(code), status) << code;
  }
}

User as(http::Headers headers, const Passwords& passwords) {
  http::Request request;
  request.headers = std::move(headers);
  return authenticate(request, passwords);
}

TEST(Access, TakesBothFormsOfCredentialsAndNoWrongOnes) {
  const Passwords passwords{"secret", "read"};
  EXPECT_EQ(as({{"Authorization", "Basic ZGVmYXVsdDpzZWNyZXQ="}}, passwords), User::owner);
  EXPECT_EQ(as({{"x-clickhouse-user", "reader"}, {"X-ClickHouse-Key", "read"}}, passwords), User::reader);
  EXPECT_THROW(as({}, passwords), ClickHouseError);
  EXPECT_THROW(as({{"X-ClickHouse-User", "reader"}, {"X-ClickHouse-Key", "secret"}}, passwords),
               ClickHouseError);
  EXPECT_THROW(as({{"X-ClickHouse-User", "root"}}, {"", ""}), ClickHouseError);
  EXPECT_EQ(as({}, {"", ""}), User::owner);
  EXPECT_THROW(as({{"X-ClickHouse-User", "reader"}}, {"secret", std::nullopt}), ClickHouseError);
}

TEST(QueryRequest, WhatIsNoParameterOfOursIsASetting) {
  http::Request request;
  request.method = "POST";
  request.parameters = {{"query_id", ""}, {"param_x", "1"}, {"max_threads", "2"},
                        {"role", "a"},    {"role", "b"},    {"readonly", "1"}};
  const QueryRequest query = read_query_request(request);
  EXPECT_EQ(query.query_id.size(), 36u) << "an empty id is no id";
  EXPECT_EQ(query.settings, (Settings{{"max_threads", "2"}}));
  EXPECT_THAT(query.parameters, ElementsAre(std::pair<std::string, std::string>{"x", "1"}));
  EXPECT_THAT(query.roles, ElementsAre("a", "b"));
  EXPECT_TRUE(query.read_only);
  request.parameters = {{"x = 1, y", "2"}};
  EXPECT_THROW(read_query_request(request), ClickHouseError);
}

TEST(HeldOutput, KeepsSmallInMemoryAndLargeInAFile) {
  HeldOutput held;
  held.append("abc");
  EXPECT_TRUE(held.in_memory());
  const std::string large(HeldOutput::kMemoryBytes, 'x');
  held.append(large);
  held.append("end");
  EXPECT_FALSE(held.in_memory());
  std::string all;
  held.replay([&](std::string_view bytes) { all += bytes; });
  EXPECT_EQ(all, "abc" + large + "end");
}

TEST(HeldOutput, AllOfThemTogetherKeepToTheDisksLimit) {
  HeldOutput::Disk disk{.limit = 3 * HeldOutput::kMemoryBytes};
  const std::string large(2 * HeldOutput::kMemoryBytes, 'x');
  {
    HeldOutput first(disk);
    first.append(large);
    HeldOutput second(disk);
    try {
      second.append(large);
      FAIL() << "beyond the limit";
    } catch (const ClickHouseError& error) {
      EXPECT_EQ(error.code(), code::kTooManyRowsOrBytes);
    }
  }
  EXPECT_EQ(disk.used, 0u);
  HeldOutput(disk).append(large);
}

TEST(QueryRequest, AnIdWithAControlCharacterIsRefused) {
  http::Request request;
  request.parameters = {{"query_id", "a\r\nX-Evil: 1"}};
  EXPECT_THROW(read_query_request(request), ClickHouseError);
}

}  // namespace
}  // namespace freshet::store
