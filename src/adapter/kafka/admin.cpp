#include "adapter/kafka/admin.h"

#include <fmt/format.h>

#include <array>

#include "adapter/kafka/handle.h"

namespace freshet::kafka {
namespace {

constexpr std::size_t kErrorText = 512;

using NewTopicHandle =
    std::unique_ptr<rd_kafka_NewTopic_t, Destroy<rd_kafka_NewTopic_t, rd_kafka_NewTopic_destroy>>;
using DeleteHandle = std::unique_ptr<rd_kafka_DeleteRecords_t,
                                     Destroy<rd_kafka_DeleteRecords_t, rd_kafka_DeleteRecords_destroy>>;
using OptionsHandle =
    std::unique_ptr<rd_kafka_AdminOptions_t, Destroy<rd_kafka_AdminOptions_t, rd_kafka_AdminOptions_destroy>>;
using OffsetsHandle =
    std::unique_ptr<rd_kafka_topic_partition_list_t,
                    Destroy<rd_kafka_topic_partition_list_t, rd_kafka_topic_partition_list_destroy>>;

NewTopicHandle description(const NewTopic& topic) {
  std::array<char, kErrorText> text{};
  NewTopicHandle made(rd_kafka_NewTopic_new(topic.name.c_str(), topic.partitions, topic.replication,
                                            text.data(), text.size()));
  if (!made)
    throw Error(ErrorKind::config, fmt::format("the topic {} can't be: {}", topic.name, text.data()));
  for (const auto& [name, value] : topic.config)
    rd_kafka_NewTopic_set_config(made.get(), name.c_str(), value.c_str());
  return made;
}

}  // namespace

struct Admin::Impl {
  explicit Impl(const Settings& settings)
      : deadline(static_cast<int>(settings.deadline.count())),
        handle(Configuration(settings).open(RD_KAFKA_PRODUCER)),
        answers(rd_kafka_queue_new(handle.get())) {}

  OptionsHandle options(rd_kafka_admin_op_t operation) const {
    std::array<char, kErrorText> text{};
    OptionsHandle options(rd_kafka_AdminOptions_new(handle.get(), operation));
    rd_kafka_AdminOptions_set_request_timeout(options.get(), deadline, text.data(), text.size());
    // Not before every broker knows the topic.
    rd_kafka_AdminOptions_set_operation_timeout(options.get(), deadline, text.data(), text.size());
    return options;
  }

  EventHandle answer(const std::string& what) const {
    constexpr int kLonger = 1'000;
    EventHandle event(rd_kafka_queue_poll(answers.get(), deadline + kLonger));
    if (!event) throw Error(ErrorKind::in_doubt, fmt::format("Kafka: {}: no answer", what));
    if (const auto code = rd_kafka_event_error(event.get()); code != RD_KAFKA_RESP_ERR_NO_ERROR)
      throw kafka_error(code, what, rd_kafka_event_error_string(event.get()));
    return event;
  }

  const int deadline;
  Handle handle;
  QueueHandle answers;
};

Admin::Admin(const Settings& settings) : impl_(std::make_unique<Impl>(settings)) {}
Admin::~Admin() = default;

bool Admin::create(const NewTopic& topic) {
  const std::string what = "making the topic " + topic.name;
  const NewTopicHandle wanted = description(topic);
  rd_kafka_NewTopic_t* topics[] = {wanted.get()};
  rd_kafka_CreateTopics(impl_->handle.get(), topics, 1, impl_->options(RD_KAFKA_ADMIN_OP_CREATETOPICS).get(),
                        impl_->answers.get());
  const EventHandle event = impl_->answer(what);
  std::size_t count = 0;
  const rd_kafka_topic_result_t** results =
      rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event.get()), &count);
  for (std::size_t i = 0; i < count; ++i) {
    const rd_kafka_resp_err_t code = rd_kafka_topic_result_error(results[i]);
    if (code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) return false;
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
      const char* text = rd_kafka_topic_result_error_string(results[i]);
      throw kafka_error(code, what, text == nullptr ? "" : text);
    }
  }
  return true;
}

void Admin::delete_records(const std::string& topic, std::int32_t partition, std::int64_t offset) {
  const std::string what = fmt::format("deleting records of {} [{}]", topic, partition);
  const OffsetsHandle below(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(below.get(), topic.c_str(), partition)->offset = offset;
  const DeleteHandle wanted(rd_kafka_DeleteRecords_new(below.get()));
  rd_kafka_DeleteRecords_t* deletions[] = {wanted.get()};
  rd_kafka_DeleteRecords(impl_->handle.get(), deletions, 1,
                         impl_->options(RD_KAFKA_ADMIN_OP_DELETERECORDS).get(), impl_->answers.get());
  const EventHandle event = impl_->answer(what);
  const auto* found = rd_kafka_DeleteRecords_result_offsets(rd_kafka_event_DeleteRecords_result(event.get()));
  for (int i = 0; i < found->cnt; ++i)
    if (found->elems[i].err != RD_KAFKA_RESP_ERR_NO_ERROR) throw kafka_error(found->elems[i].err, what);
}

}  // namespace freshet::kafka
