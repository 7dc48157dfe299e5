// Our thin client against a real broker.
#include <gtest/gtest.h>

#include "adapter/kafka/admin.h"
#include "adapter/kafka/partition.h"
#include "adapter/kafka/producer.h"
#include "base/error.h"
#include "support/kafka.h"

namespace freshet::kafka {
namespace {

constexpr std::chrono::seconds kSoon{10};

Settings settings() {
  return {.brokers = test::shared_kafka()};
}

std::string made(std::int32_t partitions = 1) {
  const std::string topic = test::unique_topic_prefix();
  EXPECT_TRUE(Admin(settings()).create({.name = topic, .partitions = partitions}));
  return topic;
}

std::optional<Record> next_record(Partition& partition) {
  std::optional<Record> record;
  test::eventually([&] { return (record = partition.next(std::chrono::milliseconds(100))).has_value(); },
                   kSoon);
  return record;
}

TEST(KafkaClient, ReadsWhatWasAcknowledgedInOrder) {
  const std::string name = made();
  Producer producer(settings());
  Producer::Topic& topic = producer.topic(name);
  for (int i = 0; i < 10'000; ++i) producer.send(topic, 0, std::to_string(i), std::string(100, 'x'));
  producer.flush();
  EXPECT_EQ(producer.acknowledged(topic).ends, std::vector<std::int64_t>{10'000});

  Consumer consumer(settings());
  EXPECT_EQ(consumer.extent(name, 0).high, 10'000);
  Partition partition(consumer, name, 0, 0);
  for (int i = 0; i < 10'000; ++i) {
    const auto record = next_record(partition);
    ASSERT_TRUE(record);
    ASSERT_EQ(record->offset, i);
    ASSERT_EQ(record->key, std::to_string(i));
  }
  EXPECT_TRUE(test::eventually(
      [&] { return !partition.next(std::chrono::milliseconds(100)) && partition.at_end(); }));
  partition.seek(42);
  EXPECT_EQ(next_record(partition)->key, "42");
}

TEST(KafkaClient, ChoosesThePartitionByTheKey) {
  const std::string name = made(4);
  Producer producer(settings());
  Producer::Topic& topic = producer.topic(name);
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 100; ++i) producer.send_by_key(topic, std::to_string(i), "v");
    producer.flush();
  }
  const std::vector<std::int64_t> ends = producer.acknowledged(topic).ends;
  ASSERT_EQ(ends.size(), 4u);
  Consumer consumer(settings());
  EXPECT_EQ(consumer.partitions(name), 4);
  for (std::int32_t number = 0; number < 4; ++number) {
    EXPECT_EQ(ends[static_cast<std::size_t>(number)] % 2, 0) << "both rounds alike";
    EXPECT_EQ(consumer.extent(name, number).high, ends[static_cast<std::size_t>(number)]);
  }
}

TEST(KafkaClient, SaysThatAPositionIsGone) {
  const std::string name = made();
  Producer producer(settings());
  Producer::Topic& topic = producer.topic(name);
  for (int i = 0; i < 100; ++i) producer.send(topic, 0, "k", "v");
  producer.flush();
  Admin(settings()).delete_records(name, 0, 50);
  Consumer consumer(settings());
  EXPECT_EQ(consumer.extent(name, 0).low, 50);
  for (const std::int64_t gone : {20, 120}) {
    Partition partition(consumer, name, 0, gone);
    try {
      EXPECT_FALSE(next_record(partition)) << gone;
      FAIL() << "an error was expected at " << gone;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::identity) << error.what();
    }
  }
}

TEST(KafkaClient, NamesWhatIsNotThere) {
  Consumer consumer(settings());
  const std::string name = test::unique_topic_prefix();
  EXPECT_EQ(consumer.partitions(name), 0);
  try {
    consumer.extent(name, 0);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::identity) << error.what();
  }
}

TEST(KafkaClient, ARecordThatIsTooLargeIsRefused) {
  const std::string name = test::unique_topic_prefix();
  Admin(settings()).create({.name = name, .config = {{"max.message.bytes", "1000"}}});
  EXPECT_FALSE(Admin(settings()).create({.name = name}));
  Producer producer(settings());
  producer.send(producer.topic(name), 0, "k", "small");
  producer.flush();
  std::string large(100'000, 'x');
  for (std::size_t i = 0; i < large.size(); ++i) large[i] = static_cast<char>(i * 2654435761u >> 7);
  producer.send(producer.topic(name), 0, "k", large);
  try {
    producer.flush();
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::capacity) << error.what();
    EXPECT_NE(error.message().find(name), std::string::npos);
  }
}

}  // namespace
}  // namespace freshet::kafka
