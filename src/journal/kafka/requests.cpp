#include "journal/kafka/requests.h"

#include "adapter/kafka/admin.h"

namespace freshet::journal {
namespace {

constexpr const char* kRetentionMs = "3600000";

// Returns its name.
std::string make_topic(const KafkaOptions& options) {
  const std::string name = TopicNames(options).requests();
  if (kafka::Consumer(options.cluster).partitions(name) == 0)
    kafka::Admin(options.cluster)
        .create({.name = name,
                 .replication = options.replication,
                 .config = {{"cleanup.policy", "delete"}, {"retention.ms", kRetentionMs}}});
  return name;
}

}  // namespace

RequestSender::RequestSender(const KafkaOptions& options)
    : options_(options), producer_(options_.cluster), topic_(producer_.topic(make_topic(options_))) {}

void RequestSender::send(const std::string& request) {
  producer_.send(topic_, 0, "", request);
  producer_.flush();
}

RequestListener::RequestListener(const KafkaOptions& options)
    : options_(options),
      topic_(make_topic(options_)),
      consumer_(options_.cluster),
      records_(consumer_, topic_, 0, consumer_.extent(topic_, 0).high) {}

std::optional<std::string> RequestListener::next(std::chrono::milliseconds wait) {
  const auto record = records_.next(wait);
  if (!record) return std::nullopt;
  return std::string(record->value);
}

}  // namespace freshet::journal
