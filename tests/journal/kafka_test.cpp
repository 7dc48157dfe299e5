// What happens to a journal in Kafka that can't happen to one in a folder: topics that others alter, brokers
// that go and come, two writers at once.
#include <gmock/gmock.h>

#include <thread>

#include "adapter/kafka/admin.h"
#include "journal/kafka.h"
#include "rows.h"
#include "support/kafka.h"

namespace freshet::journal {
namespace {

constexpr std::chrono::seconds kSoon{10};
constexpr std::uint64_t kAnyBytes = ~std::uint64_t{0};

class KafkaJournal : public testing::Test {
 protected:
  static Watermark seal(Writer& writer, const std::vector<Row>& rows) {
    for (const Row& row : rows) writer.append(row.change());
    return writer.seal(rows.back().commit_lsn, 0).get();
  }
  std::string topic(const std::string& table) const { return options_.prefix + ".app." + table; }

  KafkaOptions options_{.cluster = {.brokers = test::shared_kafka()}, .prefix = test::unique_topic_prefix()};
  std::shared_ptr<TableSchema> orders_ = make_table("orders");
};

TEST_F(KafkaJournal, AWriterThatWasSupersededConfirmsNothing) {
  const auto first = open_writer(options_);
  const Watermark sealed = seal(*first, {insert(orders_, 1, "a")});
  const auto second = open_writer(options_);
  EXPECT_EQ(second->last(), sealed);
  first->append(insert(orders_, 2, "b").change());
  EXPECT_ERROR(first->seal(Lsn(2), 0), identity);
  const auto reader = open_reader(options_);
  EXPECT_EQ(reader->next({}, kAnyBytes, kSoon), sealed);
  EXPECT_EQ(reader->next(sealed, kAnyBytes, std::chrono::milliseconds(300)), std::nullopt)
      << "its watermark counts for nothing";
  const Watermark after = seal(*second, {insert(orders_, 2, "b")});
  EXPECT_EQ(reader->next(sealed, kAnyBytes, kSoon), after);
}

TEST_F(KafkaJournal, OfTwoWritersThatOpenAtOnceOneGoesOn) {
  std::vector<std::unique_ptr<Writer>> writers(3);
  {
    std::vector<std::jthread> opening;
    for (auto& writer : writers) opening.emplace_back([&] { writer = open_writer(options_); });
  }
  std::set<std::uint64_t> generations;
  int sealed = 0;
  for (const auto& writer : writers) {
    generations.insert(writer->generation().value());
    try {
      seal(*writer, {insert(orders_, 1, "a")});
      ++sealed;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::identity) << error.what();
    }
  }
  EXPECT_EQ(generations.size(), 3u);
  EXPECT_EQ(sealed, 1);
}

TEST_F(KafkaJournal, ATopicThatWasMadeAgainIsRefused) {
  std::optional<Watermark> sealed;
  sealed = seal(*open_writer(options_), {insert(orders_, 1, "a"), insert(orders_, 2, "b")});
  test::delete_topic(options_.cluster.brokers, topic("orders"));
  kafka::Admin(options_.cluster).create({.name = topic("orders")});
  EXPECT_ERROR(open_writer(options_), identity);
  const auto reader = open_reader(options_);
  EXPECT_EQ(reader->next({}, kAnyBytes, kSoon), sealed);
  EXPECT_ERROR(read_all(*reader, {}, sealed->ends), identity);
}

TEST_F(KafkaJournal, ATopicThatWasDeletedIsRefused) {
  seal(*open_writer(options_), {insert(orders_, 1, "a")});
  test::delete_topic(options_.cluster.brokers, topic("orders"));
  try {
    open_writer(options_);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::identity);
    EXPECT_THAT(error.message(), testing::HasSubstr(topic("orders") + " [0] isn't there any more"));
    EXPECT_THAT(error.hint(), testing::HasSubstr("docs/runbook/snapshot-again.md"));
  }
}

// What the other topics hold can't be known without them.
TEST_F(KafkaJournal, WatermarksThatAreGoneAreRefused) {
  const std::string watermarks = options_.prefix + ".freshet-watermarks";
  {
    const auto writer = open_writer(options_);
    writer->keep("notes");
    const Watermark sealed = seal(*writer, {insert(orders_, 1, "a")});
    kafka::Admin(options_.cluster)
        .delete_records(watermarks, 0, static_cast<std::int64_t>(sealed.number) + 1);
  }
  EXPECT_ERROR(open_writer(options_), identity);
  test::delete_topic(options_.cluster.brokers, watermarks);
  EXPECT_ERROR(open_writer(options_), identity);
}

TEST_F(KafkaJournal, ATopicThatWasMadeAgainWhileItIsWrittenIsRefused) {
  const auto writer = open_writer(options_);
  std::vector<Row> rows;
  for (std::uint64_t lsn = 1; lsn <= 20; ++lsn) rows.push_back(insert(orders_, lsn, "a"));
  seal(*writer, rows);
  test::delete_topic(options_.cluster.brokers, topic("orders"));
  kafka::Admin(options_.cluster).create({.name = topic("orders")});
  writer->append(insert(orders_, 21, "b").change());
  EXPECT_ERROR(writer->seal(Lsn(21), 0), identity);
}

TEST_F(KafkaJournal, ATopicWithOtherPartitionsIsRefused) {
  seal(*open_writer(options_), {insert(orders_, 1, "a")});
  test::set_partitions(options_.cluster.brokers, topic("orders"), 3);
  const auto writer = open_writer(options_);
  EXPECT_ERROR(writer->append(insert(orders_, 2, "b").change()), identity);
}

TEST_F(KafkaJournal, RecordsThatRetentionTookAreAGapOfTheirStreamAlone) {
  const auto writer = open_writer(options_);
  const auto items = make_table("items");
  const Watermark read = seal(*writer, {insert(orders_, 1, "a"), insert(items, 1, "i")});
  const Watermark lost =
      seal(*writer, {insert(orders_, 2, "b"), insert(orders_, 3, "c"), insert(items, 2, "j")});
  kafka::Admin(options_.cluster).delete_records(topic("orders"), 0, 2);
  const auto reader = open_reader(options_);
  reader->release(Confirmed::ends(read.ends), {});
  EXPECT_EQ(reader->gaps(), (Ends{{{"app.orders", 0}, Offset(2)}}));
  EXPECT_ERROR(read_all(*reader, read.ends, lost.ends), identity);
  const auto only_items = [](const std::string& stream) { return stream == "app.items"; };
  EXPECT_EQ(read_all(*reader, read.ends, lost.ends, only_items)["app.items"].size(), 1u);
}

TEST_F(KafkaJournal, AKeysChangesAreInOnePartitionInOrder) {
  options_.partitions = 4;
  const auto writer = open_writer(options_);
  std::vector<Row> rows;
  for (std::uint64_t lsn = 1; lsn <= 400; ++lsn) {
    Row row = insert(orders_, lsn, "v");
    row.row = tuple_of({std::to_string(lsn % 40), std::to_string(lsn)});
    if (lsn % 7 == 0) {
      row.op = Op::remove;
      row.old = row.row;
      row.row.clear();
    }
    rows.push_back(row);
  }
  const Watermark sealed = seal(*writer, rows);
  EXPECT_EQ(sealed.ends.size(), 4u);
  SeenRows seen = read_all(*open_reader(options_), {}, sealed.ends);
  ASSERT_EQ(seen["app.orders"].size(), rows.size());
  std::map<std::string, std::pair<int, Lsn>> last;
  for (const Seen& one : seen["app.orders"]) {
    TupleReader tuple(one.row.row.empty() ? one.row.old : one.row.row);
    const std::string key(tuple.next().bytes);
    const auto [found, is_new] = last.try_emplace(key, one.partition.number, one.row.commit_lsn);
    if (is_new) continue;
    EXPECT_EQ(found->second.first, one.partition.number) << key;
    EXPECT_LT(found->second.second, one.row.commit_lsn) << key;
    found->second.second = one.row.commit_lsn;
  }
  EXPECT_EQ(last.size(), 40u);
}

TEST_F(KafkaJournal, ABrokerThatIsKilledAndComesBackLosesNothing) {
  test::KafkaBroker broker;
  options_.cluster = {.brokers = broker.brokers()};
  const auto writer = open_writer(options_);
  const auto reader = open_reader(options_);
  std::vector<Row> rows = {insert(orders_, 1, "before")};
  Watermark sealed = seal(*writer, rows);
  for (std::uint64_t lsn = 2; lsn <= 2'000; ++lsn) {
    rows.push_back(insert(orders_, lsn, std::string(200, 'x')));
    writer->append(rows.back().change());
    if (lsn == 1'000) {
      broker.kill();
      broker.start();
    }
  }
  sealed = writer->seal(Lsn(2'000), 0).get();
  EXPECT_EQ(sealed.ends.at({"app.orders", 0}), Offset(rows.size()));
  EXPECT_EQ(reader->next({}, kAnyBytes, kSoon), sealed);
  EXPECT_EQ(rows_of(read_all(*reader, {}, sealed.ends), "app.orders"), rows);
}

TEST_F(KafkaJournal, ABrokerThatStaysAwayEndsTheWriterAndItsSuccessorGoesOn) {
  test::KafkaBroker broker;
  options_.cluster = {.brokers = broker.brokers(), .deadline = std::chrono::seconds(3)};
  auto writer = open_writer(options_);
  const Watermark before = seal(*writer, {insert(orders_, 1, "before")});
  broker.kill();
  writer->append(insert(orders_, 2, "lost").change());
  try {
    writer->seal(Lsn(2), 0);
    ADD_FAILURE() << "nobody can have acknowledged it";
  } catch (const Error& error) {
    EXPECT_TRUE(error.may_pass()) << error.what();
  }
  writer.reset();
  broker.start();
  options_.cluster.deadline = std::chrono::seconds(30);
  writer = open_writer(options_);
  EXPECT_EQ(writer->last(), before);
  const Watermark after = seal(*writer, {insert(orders_, 2, "again")});
  const auto reader = open_reader(options_);
  const std::vector<Row> rows = rows_of(read_all(*reader, before.ends, after.ends), "app.orders");
  ASSERT_FALSE(rows.empty());
  EXPECT_EQ(rows.back(), insert(orders_, 2, "again"));
}

}  // namespace
}  // namespace freshet::journal
