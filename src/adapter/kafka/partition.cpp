#include "adapter/kafka/partition.h"

#include <fmt/format.h>

#include "adapter/kafka/handle.h"
#include "base/clock.h"

namespace freshet::kafka {
namespace {

using Message = std::unique_ptr<rd_kafka_message_t, Destroy<rd_kafka_message_t, rd_kafka_message_destroy>>;
using Metadata = std::unique_ptr<const struct rd_kafka_metadata, void (*)(const struct rd_kafka_metadata*)>;

constexpr std::chrono::milliseconds kBetweenTries{50};

// A topic that was just made, or whose leader is being chosen.
bool is_moving(rd_kafka_resp_err_t code) {
  return code == RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION ||
         code == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE || code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION;
}

}  // namespace

struct Consumer::Impl {
  explicit Impl(const Settings& settings) : deadline(static_cast<int>(settings.deadline.count())) {
    Configuration configuration(settings);
    configuration.set("enable.partition.eof", "true");
    configuration.set("auto.offset.reset", "error");
    configuration.set("enable.auto.offset.store", "false");
    configuration.set("check.crcs", "true");
    configuration.set("fetch.wait.max.ms", "100");
    configuration.set("fetch.message.max.bytes", "1048576");
    configuration.set("queued.max.messages.kbytes", "4096");  // of each partition
    // Above the largest record; a broker sends that even where it is told less.
    configuration.set("receive.message.max.bytes", "1000000512");
    configuration.set("fetch.max.bytes", "1000000000");
    configuration.set("message.max.bytes", "1000000000");
    handle = configuration.open(RD_KAFKA_CONSUMER);
  }

  const int deadline;
  Handle handle;
};

Consumer::Consumer(const Settings& settings) : impl_(std::make_unique<Impl>(settings)) {}
Consumer::~Consumer() = default;

Extent Consumer::extent(const std::string& topic, std::int32_t partition) {
  const Deadline deadline(system_clock(), std::chrono::milliseconds(impl_->deadline));
  Extent extent;
  rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;
  do {
    code = rd_kafka_query_watermark_offsets(impl_->handle.get(), topic.c_str(), partition, &extent.low,
                                            &extent.high, impl_->deadline);
  } while (is_moving(code) && !deadline.passed() && (system_clock().sleep(kBetweenTries, {}), true));
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
    throw kafka_error(code, fmt::format("the offsets of {} [{}]", topic, partition));
  return extent;
}

std::int32_t Consumer::partitions(const std::string& topic) {
  const TopicHandle handle(rd_kafka_topic_new(impl_->handle.get(), topic.c_str(), nullptr));
  const struct rd_kafka_metadata* found = nullptr;
  const rd_kafka_resp_err_t code =
      rd_kafka_metadata(impl_->handle.get(), 0, handle.get(), &found, impl_->deadline);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) throw kafka_error(code, "looking at the topic " + topic);
  const Metadata metadata(found, rd_kafka_metadata_destroy);
  if (metadata->topic_cnt != 1) return 0;
  const rd_kafka_metadata_topic& seen = metadata->topics[0];
  if (seen.err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) return 0;
  if (seen.err != RD_KAFKA_RESP_ERR_NO_ERROR) throw kafka_error(seen.err, "looking at the topic " + topic);
  return seen.partition_cnt;
}

struct Partition::Impl {
  rd_kafka_t* consumer = nullptr;
  int deadline = 0;
  TopicHandle topic;
  Message held;  // what the last record borrows from
};

Partition::Partition(Consumer& consumer, std::string topic, std::int32_t number, std::int64_t from)
    : topic_(std::move(topic)), number_(number), position_(from), impl_(std::make_unique<Impl>()) {
  impl_->consumer = consumer.impl_->handle.get();
  impl_->deadline = consumer.impl_->deadline;
  impl_->topic.reset(rd_kafka_topic_new(impl_->consumer, topic_.c_str(), nullptr));
  if (rd_kafka_consume_start(impl_->topic.get(), number_, position_) != 0)
    throw kafka_error(rd_kafka_last_error(), fmt::format("reading {} [{}]", topic_, number_));
}

Partition::~Partition() {
  impl_->held.reset();
  rd_kafka_consume_stop(impl_->topic.get(), number_);
}

void Partition::seek(std::int64_t offset) {
  if (offset == position_) return;
  impl_->held.reset();
  const rd_kafka_resp_err_t code = rd_kafka_seek(impl_->topic.get(), number_, offset, impl_->deadline);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
    throw kafka_error(code, fmt::format("going to offset {} of {} [{}]", offset, topic_, number_));
  position_ = offset;
  at_end_ = false;
}

std::optional<Record> Partition::next(std::chrono::milliseconds wait) {
  at_end_ = false;
  impl_->held.reset(rd_kafka_consume(impl_->topic.get(), number_, static_cast<int>(wait.count())));
  const rd_kafka_message_t* message = impl_->held.get();
  if (message == nullptr) return std::nullopt;
  if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
    at_end_ = true;
    return std::nullopt;
  }
  if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR)
    throw kafka_error(message->err, fmt::format("reading {} [{}] at offset {}", topic_, number_, position_));
  position_ = message->offset + 1;
  return Record{.key = {static_cast<const char*>(message->key), message->key_len},
                .value = {static_cast<const char*>(message->payload), message->len},
                .offset = message->offset,
                .tombstone = message->payload == nullptr};
}

}  // namespace freshet::kafka
