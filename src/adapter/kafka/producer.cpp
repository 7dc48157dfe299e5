#include "adapter/kafka/producer.h"

#include <fmt/format.h>

#include <map>
#include <optional>

#include "adapter/kafka/handle.h"

namespace freshet::kafka {

class Producer::Topic {
 public:
  Topic(std::string name, TopicHandle handle) : name(std::move(name)), handle(std::move(handle)) {}

  const std::string name;
  const TopicHandle handle;
  Acknowledged acknowledged;
};

struct Producer::Impl {
  explicit Impl(const Settings& settings);

  void send(Topic& topic, std::int32_t partition, std::string_view key, std::string_view value);
  void throw_failure() const;
  static void on_delivery(rd_kafka_t*, const rd_kafka_message_t* record, void* impl);

  const std::chrono::milliseconds deadline;
  std::optional<Error> failure;
  Handle handle;
  std::map<std::string, std::unique_ptr<Topic>> topics;  // go before the handle
};

Producer::Impl::Impl(const Settings& settings) : deadline(settings.deadline) {
  Configuration configuration(settings);
  configuration.set("enable.idempotence", "true");
  configuration.set("acks", "all");
  configuration.set("delivery.timeout.ms", std::to_string(deadline.count()));
  configuration.set("linger.ms", "5");
  configuration.set("partitioner", "murmur2_random");
  if (!settings.properties.contains("compression.type")) configuration.set("compression.type", "lz4");
  // A batch is sent in one request of a broker's socket.request.max.bytes, a record of any size we take
  // alone.
  configuration.set("message.max.bytes", "1000000000");
  configuration.set("batch.size", "1000000");
  configuration.set("queue.buffering.max.messages", "1000000");
  configuration.set("queue.buffering.max.kbytes", "131072");
  rd_kafka_conf_set_opaque(configuration.get(), this);
  rd_kafka_conf_set_dr_msg_cb(configuration.get(), on_delivery);
  handle = configuration.open(RD_KAFKA_PRODUCER);
}

void Producer::Impl::on_delivery(rd_kafka_t*, const rd_kafka_message_t* record, void* impl) {
  auto& self = *static_cast<Impl*>(impl);
  auto& topic = *static_cast<Topic*>(record->_private);
  if (record->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    if (!self.failure)
      self.failure =
          kafka_error(record->err, fmt::format("a record to {} [{}]", topic.name, record->partition));
    return;
  }
  std::vector<std::int64_t>& ends = topic.acknowledged.ends;
  const auto partition = static_cast<std::size_t>(record->partition);
  if (ends.size() <= partition) ends.resize(partition + 1, -1);
  ends[partition] = std::max(ends[partition], record->offset + 1);
}

void Producer::Impl::throw_failure() const {
  if (failure) throw Error(*failure);
}

void Producer::Impl::send(Topic& topic, std::int32_t partition, std::string_view key,
                          std::string_view value) {
  constexpr auto kWait = std::chrono::milliseconds(100);
  for (auto waited = std::chrono::milliseconds(0);; waited += kWait) {
    throw_failure();
    // librdkafka copies the value, and never writes to it.
    const int failed =
        rd_kafka_produce(topic.handle.get(), partition, RD_KAFKA_MSG_F_COPY, const_cast<char*>(value.data()),
                         value.size(), key.data(), key.size(), &topic);
    if (failed == 0) break;
    const rd_kafka_resp_err_t code = rd_kafka_last_error();
    if (code != RD_KAFKA_RESP_ERR__QUEUE_FULL || waited >= deadline)
      throw kafka_error(code, "a record to " + topic.name);
    rd_kafka_poll(handle.get(), static_cast<int>(kWait.count()));
  }
  rd_kafka_poll(handle.get(), 0);
}

Producer::Producer(const Settings& settings) : impl_(std::make_unique<Impl>(settings)) {}
// What wasn't acknowledged is given up: nobody was told of it.
Producer::~Producer() {
  rd_kafka_purge(impl_->handle.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
}

Producer::Topic& Producer::topic(const std::string& name) {
  std::unique_ptr<Topic>& topic = impl_->topics[name];
  if (!topic) {
    TopicHandle handle(rd_kafka_topic_new(impl_->handle.get(), name.c_str(), nullptr));
    if (!handle) throw kafka_error(rd_kafka_last_error(), "the topic " + name);
    topic = std::make_unique<Topic>(name, std::move(handle));
  }
  return *topic;
}

void Producer::send(Topic& topic, std::int32_t partition, std::string_view key, std::string_view value) {
  impl_->send(topic, partition, key, value);
}

void Producer::send_by_key(Topic& topic, std::string_view key, std::string_view value) {
  impl_->send(topic, RD_KAFKA_PARTITION_UA, key, value);
}

void Producer::flush() {
  const rd_kafka_resp_err_t code =
      rd_kafka_flush(impl_->handle.get(), static_cast<int>(impl_->deadline.count()) + 1'000);
  impl_->throw_failure();
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) throw kafka_error(code, "waiting for records to be acknowledged");
}

const Acknowledged& Producer::acknowledged(const Topic& topic) const {
  return topic.acknowledged;
}

}  // namespace freshet::kafka
