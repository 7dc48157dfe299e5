// What load asks of capture where they share nothing but the cluster: short texts, in a topic of their own.
// Whoever asks asks again while there is no answer, so one that is lost, or comes twice, costs time alone.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "adapter/kafka/partition.h"
#include "adapter/kafka/producer.h"
#include "journal/kafka.h"
#include "journal/kafka/topic_names.h"

namespace freshet::journal {

// One thread. Throws Error{transient|permission}.
class RequestSender {
 public:
  // Makes the topic where it isn't there.
  explicit RequestSender(const KafkaOptions& options);

  void send(const std::string& request);

 private:
  const KafkaOptions options_;
  kafka::Producer producer_;
  kafka::Producer::Topic& topic_;
};

// One thread. Likewise.
class RequestListener {
 public:
  explicit RequestListener(const KafkaOptions& options);

  // The next of those that were sent since this was opened; nothing when none came within `wait`.
  std::optional<std::string> next(std::chrono::milliseconds wait);

 private:
  const KafkaOptions options_;
  const std::string topic_;
  kafka::Consumer consumer_;
  kafka::Partition records_;
};

}  // namespace freshet::journal
