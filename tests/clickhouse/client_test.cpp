// The client against the real engine: what only a server can tell.
#include "adapter/clickhouse/client.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "support/store.h"

namespace freshet::clickhouse {
namespace {

using namespace std::string_literals;

class ClientOnStore : public ::testing::Test {
 protected:
  test::StoreDatabase database_;
  Client client_{Endpoint(database_.url())};
};

ServerCode code_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const ServerError& error) {
    return error.code();
  }
  return 0;
}

TEST_F(ClientOnStore, ParametersCarryAnyText) {
  const std::string odd = "tab\t line\n back\\slash 'quote' \"double\" `tick` \0 nul é 😀 {x:y}"s;
  EXPECT_EQ(client_.value("SELECT {p:String}", {.params = {text_param("p", odd)}}), odd);
  EXPECT_EQ(client_.value("SELECT concat({a:Array(String)}[1], '|', {a:Array(String)}[2])",
                          {.params = {{"a", quote_array(std::vector<std::string>{odd, "b"})}}}),
            odd + "|b");
  EXPECT_EQ(client_.value("SELECT " + quote_literal(odd)), odd);
}

TEST_F(ClientOnStore, NamesMayBeAnyText) {
  for (const char* name : {"we`ird \"na.me\\", "select", "Ünï çode", "it's; -- x", "a\tb"}) {
    const std::string table = quote_table(database_.name(), name);
    client_.execute(fmt::format("CREATE TABLE {} ({} Int32) ENGINE = Memory", table, quote_identifier(name)));
    client_.execute(fmt::format("INSERT INTO {} VALUES (7)", table));
    EXPECT_EQ(client_.value(fmt::format("SELECT {} FROM {}", quote_identifier(name), table)), "7") << name;
  }
}

TEST_F(ClientOnStore, ErrorsHaveTheServersCodeAndOurKind) {
  EXPECT_EQ(code_of([&] { client_.execute("SELECT * FROM no_such_table_anywhere"); }), 60);
  EXPECT_EQ(code_of([&] { client_.execute("SELEC 1"); }), 62);
  EXPECT_EQ(code_of([&] { client_.insert("INSERT INTO nowhere.t FORMAT Native", "x"); }), 81);
  EXPECT_EQ(client_.value("SELECT 1"), "1") << "the client goes on after an error";
}

TEST_F(ClientOnStore, AnExceptionInTheMiddleEndsAStreamThatHadBegun) {
  std::size_t bytes = 0;
  const auto read = [&] {
    client_.select("SELECT number, throwIf(number = 3000000, 'too far') FROM numbers(5000000)",
                   [&](std::string_view piece) { bytes += piece.size(); },
                   {.settings = {{"max_threads", "1"}}});
  };
  EXPECT_EQ(code_of(read), 395);
  EXPECT_GT(bytes, 0u);
}

TEST_F(ClientOnStore, ADeadlineFreesTheServerToo) {
  EXPECT_THROW(client_.select("SELECT sum(sipHash64(number)) FROM numbers(1000000000000)",
                              {.query_id = "endless", .timeout = std::chrono::milliseconds(300)}),
               Error);
  // The store notices that the client is gone.
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  const std::string mine =
      "SELECT count() FROM system.processes WHERE query ILIKE '%numbers(1000000000000)%' AND "
      "query NOT ILIKE '%system.processes%'";
  while (client_.value(mine) != "0" && std::chrono::steady_clock::now() < deadline) {
  }
  EXPECT_EQ(client_.value(mine), "0");
}

TEST_F(ClientOnStore, AnInsertSaysHowManyRowsItWrote) {
  const std::string table = quote_table(database_.name(), "t");
  client_.execute(fmt::format("CREATE TABLE {} (x Int32) ENGINE = MergeTree ORDER BY x", table));
  for (const Encoding encoding : {Encoding::none, Encoding::lz4, Encoding::zstd})
    EXPECT_EQ(client_
                  .insert(fmt::format("INSERT INTO {} FORMAT TSV", table), compress(encoding, "1\n2\n3\n"),
                          encoding)
                  .written_rows,
              3u);
  EXPECT_EQ(client_.value("SELECT count() FROM " + table), "9");
}

}  // namespace
}  // namespace freshet::clickhouse
