// The backlog on Kafka: what the newest watermark has, and load hasn't. One thread.
#pragma once

#include <optional>

#include "journal/kafka.h"
#include "journal/kafka/control_topic.h"
#include "journal/kafka/topic_names.h"

namespace freshet::journal {

class KafkaBacklog final : public Backlog {
 public:
  explicit KafkaBacklog(const KafkaOptions& options);

  std::map<std::string, std::uint64_t> ahead_of(const Ends& positions) override;

 private:
  bool follow();

  const KafkaOptions options_;
  const TopicNames names_;
  kafka::Consumer consumer_;
  ControlTopic control_;
  std::optional<Sealed> newest_;
  bool follows_ = false;
};

}  // namespace freshet::journal
