// The publication goes while the line runs: nothing of the source's tables comes any more, though heartbeats
// and canaries do. It is said before the first change is, and what was changed meanwhile isn't lost.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/line_status_json.h"
#include "line/mirrored.h"

namespace freshet::test {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kSchema =
    "CREATE TABLE plain (id bigint PRIMARY KEY, v text, n int);"
    "CREATE TABLE listed (id bigint PRIMARY KEY, v text, n int, secret text);"
    "INSERT INTO plain SELECT i, 'v' || i, i FROM generate_series(1, 100) i;"
    "INSERT INTO listed SELECT i, 'v' || i, i, 'none of ours' FROM generate_series(1, 100) i";

const std::string kStatement =
    R"(CREATE PUBLICATION "freshet" FOR TABLE ONLY "public"."listed" ("id", "v", "n"), ONLY "public"."plain" )"
    "WITH (publish_via_partition_root = true)";

class Publication : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(line_.start()) << line_.line().log_tail(); }

  app::LineStatus status() { return app::line_status_from_json(line_.line().status_json()); }
  bool becomes_ready(bool ready) {
    return eventually([&] { return status().ready.ready == ready; }, std::chrono::seconds(60));
  }
  std::string hint_of_capture() {
    for (const app::StageLine& stage : status().stages)
      if (stage.name == "capture") return stage.hint;
    return {};
  }
  void drop() {
    ASSERT_TRUE(becomes_ready(true)) << line_.line().status_text();
    line_.sql("DROP PUBLICATION freshet");
    ASSERT_TRUE(becomes_ready(false)) << line_.line().status_text();
  }
  void expect_equal() {
    ASSERT_TRUE(becomes_ready(true)) << line_.line().status_text();
    ASSERT_TRUE(line_.line().wait_until_loaded()) << line_.line().status_text();
    line_.expect_equal("plain");
    line_.expect_equal("listed");
    EXPECT_EQ(line_.line().parity(), 0);
  }

  Mirrored line_{kSchema};
};

TEST_F(Publication, ThatGoesIsMissedBeforeTheFirstChangeAndComesBackByWhatTheStatusSays) {
  drop();
  EXPECT_THAT(status().ready.reason, HasSubstr("there is no publication \"freshet\""));
  EXPECT_THAT(line_.line().metrics(), HasSubstr("freshet_ready 0"));
  EXPECT_EQ(hint_of_capture(), kStatement);
  EXPECT_EQ(status().streams.at(0).lag_seconds, std::nullopt);
  EXPECT_THAT(line_.line().metrics(), HasSubstr("freshet_stream_lag_seconds{stream=\"public.plain\"} Nan"));
  EXPECT_THAT(line_.line().status_text(), HasSubstr(kStatement));

  line_.sql(hint_of_capture());
  ASSERT_TRUE(becomes_ready(true)) << line_.line().status_text();
  EXPECT_EQ(hint_of_capture(), "");
  EXPECT_TRUE(
      eventually([&] { return line_.line().log_tail().find("table_read_again") != std::string::npos; },
                 std::chrono::seconds(60)))
      << line_.line().log_tail();
  line_.sql("UPDATE plain SET v = 'streamed' WHERE id = 1; DELETE FROM listed WHERE id = 2");
  expect_equal();
}

TEST_F(Publication, ThatIsGoneWhenAChangeIsCommittedEndsCaptureWhichThenReadsAllTablesAgain) {
  drop();
  line_.sql("UPDATE plain SET v = 'not published' WHERE id <= 5; DELETE FROM listed WHERE id = 2");
  ASSERT_TRUE(eventually([&] { return app::has_failed(status()); }, std::chrono::seconds(60)))
      << line_.line().status_text();
  // Nobody knows what is committed from here on.
  EXPECT_TRUE(eventually([&] { return status().streams.at(0).state == "waiting"; }, std::chrono::seconds(60)))
      << line_.line().status_text();
  const auto lag = [&] { return status().streams.at(0).lag_seconds.value_or(0); };
  const double before = lag();
  EXPECT_GT(before, 0);
  EXPECT_TRUE(eventually([&] { return lag() > before; }, std::chrono::seconds(60)));
  EXPECT_GT(status().total.lag_seconds.value_or(0), 0);
  line_.sql(kStatement);
  line_.sql("UPDATE plain SET v = 'published' WHERE id = 6");
  const std::string hint = hint_of_capture(), option = "--accept-source ";
  ASSERT_THAT(hint, HasSubstr(option));
  line_.line().stop();
  line_.line().tell_up({"--accept-source", hint.substr(hint.find(option) + option.size(), 8)});
  ASSERT_TRUE(line_.start()) << line_.line().log_tail();
  expect_equal();
}

// A start makes it again, where its role may: with the binding to the old one durable all is read again.
TEST_F(Publication, ThatWentBeforeAKillIsNotForgotten) {
  drop();
  line_.line().kill();
  ASSERT_TRUE(line_.start()) << line_.line().log_tail();
  expect_equal();
  line_.sql("UPDATE plain SET v = 'streamed' WHERE id = 1");
  expect_equal();
}

}  // namespace
}  // namespace freshet::test
