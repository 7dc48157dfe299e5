#include <gmock/gmock.h>
#include <signal.h>
#include <sys/resource.h>

#include "base/metrics.h"
#include "embedded_journal.h"
#include "journal/backlog.h"

namespace freshet::journal {
namespace {

using Embedded = EmbeddedJournalTest;

TEST_F(Embedded, ASecondWriterIsRefusedAndToldWhoHasIt) {
  const auto writer = open_writer(options_);
  try {
    open_writer(options_);
    ADD_FAILURE() << "opened twice";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::config);
    EXPECT_THAT(error.what(), testing::HasSubstr("process " + std::to_string(getpid())));
  }
}

TEST_F(Embedded, TheBacklogIsWhatLiesAboveEachStreamsPosition) {
  options_.segment_bytes = 4'096;  // many files
  const auto writer = open_writer(options_);
  const auto backlog = open_backlog(options_);
  EXPECT_TRUE(backlog->ahead_of({}).empty());
  const auto visits = make_table("visits");
  const auto write = [&](const std::shared_ptr<TableSchema>& table, std::uint64_t from, std::uint64_t to) {
    for (std::uint64_t i = from; i < to; ++i) seal(*writer, {insert(table, i, noise(500, i))});
  };
  write(orders_, 0, 40);
  const std::uint64_t all = backlog->ahead_of({}).at("app.orders");
  EXPECT_GT(all, 40u * 500);
  EXPECT_LT(all, 40u * 800);
  const Ends half{{{"app.orders", 0}, Offset(20)}};
  EXPECT_NEAR(static_cast<double>(backlog->ahead_of(half).at("app.orders")), static_cast<double>(all) / 2,
              50);
  write(visits, 40, 50);
  const Ends orders_done{{{"app.orders", 0}, Offset(40)}};
  const auto ahead = backlog->ahead_of(orders_done);
  EXPECT_FALSE(ahead.contains("app.orders"));
  EXPECT_GT(ahead.at("app.visits"), 10u * 500);
  // Whoever comes later counts the same.
  EXPECT_EQ(open_backlog(options_)->ahead_of(orders_done), ahead);
}

// A limit on file size stands for the full disk: a write comes back short, then fails.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : handler_(signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &before_);
    signal(SIGXFSZ, handler_);
  }

 private:
  rlimit before_;
  void (*handler_)(int);
};

TEST_F(Embedded, AFullDiskEndsTheWriterAndLosesNothingThatWasSealed) {
  const std::vector<Row> sealed{insert(orders_, 1, "x")};
  Watermark last;
  {
    const auto writer = open_writer(options_);
    last = seal(*writer, sealed);
    const FileSizeLimit full(20000);
    const Row row = insert(orders_, 2, std::string(900, '\0'));
    const auto fill = [&] {
      for (std::uint64_t i = 0; i < 100000; ++i)
        writer->append(insert(orders_, i, std::to_string(i * i)).change());
      writer->seal(Lsn(2), 0);
    };
    EXPECT_ERROR(fill(), capacity);
    EXPECT_ERROR(writer->append(row.change()), transient);
    EXPECT_ERROR(writer->seal(Lsn(3), 0), transient);
    EXPECT_EQ(read(last.ends), sealed);
  }
  const auto again = open_writer(options_);
  EXPECT_EQ(again->last(), last);
  EXPECT_EQ(read(seal(*again, {insert(orders_, 3, "y")}).ends).size(), 2u);
}

TEST_F(Embedded, ReleasedRecordsAreKeptForTheirAgeWhileThereIsRoom) {
  class LateClock final : public Clock {
   public:
    SteadyTime steady() const override { return system_clock().steady() + late; }
    WallTime wall() const override { return system_clock().wall() + late; }
    bool sleep(std::chrono::milliseconds duration, std::stop_token stop) const override {
      return system_clock().sleep(duration, stop);
    }
    std::chrono::seconds late{0};
  } clock;
  options_.clock = &clock;
  options_.segment_bytes = 4096;
  options_.retention_age = std::chrono::hours(1);
  const auto writer = open_writer(options_);
  const auto reader = open_reader(options_);
  Watermark last;
  for (std::uint64_t lsn = 1; lsn <= 20; ++lsn)
    last = seal(*writer, {insert(orders_, lsn, noise(5000, lsn))});
  const std::size_t all = segments().size();
  reader->release(Confirmed::ends(last.ends), {});
  clock.late = std::chrono::minutes(59);
  writer->room();
  EXPECT_EQ(segments().size(), all);
  EXPECT_EQ(read(last.ends).size(), 20u);
  clock.late = std::chrono::minutes(61);
  writer->room();
  EXPECT_EQ(segments().size(), 1u);
}

TEST_F(Embedded, AReaderGoesOnWhenTheFileOfItsPositionIsReleased) {
  options_.segment_bytes = 4096;
  const auto writer = open_writer(options_);
  const auto reader = open_reader(options_);
  Watermark last = seal(*writer, {insert(orders_, 1, "x")});
  EXPECT_EQ(reader->next({}, ~0u, std::chrono::milliseconds(0)), last);
  for (std::uint64_t lsn = 2; lsn <= 20; ++lsn) {
    const Watermark next = seal(*writer, {insert(orders_, lsn, noise(3000, lsn))});
    ASSERT_EQ(reader->next(last, ~0u, std::chrono::seconds(5)), next);
    EXPECT_EQ(read_all(*reader, last.ends, next.ends)["app.orders"].size(), 1u);
    reader->release(Confirmed::ends(next.ends), {});
    last = next;
    if (lsn % 5 == 0) writer->room();
  }
  EXPECT_EQ(open_reader(options_)->next(last, ~0u, std::chrono::milliseconds(0)), std::nullopt);
}

TEST_F(Embedded, TheFullestFileIsNotNeededToFreeTheJournal) {
  options_.limit = 64 << 10;
  options_.segment_bytes = 1 << 20;
  const auto writer = open_writer(options_);
  const auto reader = open_reader(options_);
  const Watermark last = seal(*writer, {insert(orders_, 1, noise(100000, 1))});
  EXPECT_EQ(writer->room(), 0u);
  reader->release(Confirmed::ends(last.ends), {});
  EXPECT_TRUE(test::eventually([&] { return writer->room() > 0; }));
}

TEST_F(Embedded, APositionBeforeARangeThatFillsSeveralFilesLosesNoneOfIt) {
  options_.segment_bytes = 4096;
  const auto writer = open_writer(options_);
  const Watermark first = seal(*writer, {insert(orders_, 1, "x")});
  std::vector<Row> rows;
  for (std::uint64_t i = 0; i < 40; ++i) rows.push_back(insert(orders_, 2, noise(50000, i)));
  const Watermark second = seal(*writer, rows);
  ASSERT_GT(segments().size(), 3u);
  const auto reader = open_reader(options_);
  EXPECT_EQ(reader->next(first, ~0u, std::chrono::milliseconds(0)), second);
  EXPECT_TRUE(rows_of(read_all(*reader, first.ends, second.ends), "app.orders") == rows);
}

TEST_F(Embedded, TheLastWatermarkIsFoundWhenTheFileThatHadItIsGone) {
  options_.segment_bytes = 4096;
  const auto writer = open_writer(options_);
  const Watermark first = seal(*writer, {insert(orders_, 1, "x")});
  const Watermark last = seal(*writer, {insert(orders_, 2, noise(5000, 1))});
  open_reader(options_)->release(Confirmed::ends(last.ends), {});
  ASSERT_TRUE(test::eventually([&] { return writer->room() > 0 && segments().size() == 1; }));
  EXPECT_EQ(open_reader(options_)->next(first, ~0u, std::chrono::milliseconds(0)), last);
  EXPECT_EQ(open_reader(options_)->next({}, ~0u, std::chrono::milliseconds(0)), last);
}

TEST_F(Embedded, WhatCannotBeRemovedIsCountedAndTriedAgain) {
  options_.limit = 64 << 10;
  options_.segment_bytes = 16 << 10;
  const auto failures = [] {
    const std::string name = "\nfreshet_journal_retention_failures_total ";
    const std::string all = metrics::exposition();
    const std::size_t at = all.find(name);
    return at == std::string::npos ? 0.0 : std::stod(all.substr(at + name.size()));
  };
  const double before = failures();
  const auto writer = open_writer(options_);
  const auto reader = open_reader(options_);
  Watermark last = seal(*writer, {insert(orders_, 1, "held")});
  for (std::uint64_t lsn = 2; lsn <= 10; ++lsn)
    last = seal(*writer, {insert(make_table("items"), lsn, noise(8000, lsn))});
  ASSERT_EQ(writer->room(), 0u);
  // What the held stream needs can't be moved aside.
  std::filesystem::remove(directory() / "held");
  put(directory() / "held", "a file in its place");
  Ends ends = last.ends;
  ends.erase({"app.orders", 0});
  reader->release(Confirmed::ends(ends), {"app.orders"});
  ASSERT_TRUE(test::eventually([&] { return writer->room() == 0 && failures() > before; }));
  const Ends held = {{{"app.orders", 0}, Offset(1)}};
  EXPECT_EQ(read(held).size(), 1u) << "it went before it was moved";
  std::filesystem::remove(directory() / "held");
  std::filesystem::create_directory(directory() / "held");
  EXPECT_TRUE(test::eventually([&] { return writer->room() > 0; }));
  EXPECT_EQ(read(held).size(), 1u);
}

TEST_F(Embedded, TwoTablesWithOneStreamNameAreRefused) {
  const auto writer = open_writer(options_);
  auto one = make_table("b.c"), other = make_table("c");
  one->schema = "a";
  other->schema = "a.b";
  writer->append(insert(one, 1, "x").change());
  EXPECT_ERROR(writer->append(insert(other, 1, "x").change()), config);
}

}  // namespace
}  // namespace freshet::journal
