// Reading the topic of watermarks. What a superseded writer wrote after its successor had begun counts for
// nothing.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "adapter/kafka/partition.h"
#include "journal/kafka/control_record.h"

namespace freshet::journal {

class ControlTopic {
 public:
  ControlTopic(kafka::Consumer& consumer, std::string topic, std::chrono::milliseconds patience);

  // Every record from one offset up to, without, another, that the topic still has.
  std::vector<ControlRecord> between(std::int64_t from, std::int64_t to);
  // The last ones before this offset: among them is one of the newest generation, if there is any at all.
  std::vector<ControlRecord> last_before(std::int64_t offset);
  // The newest watermark that counts; nothing where the journal has none.
  std::optional<Sealed> newest();
  // The record of this offset; nothing where the topic doesn't have it (any more).
  std::optional<ControlRecord> at(std::int64_t offset);
  // Begins after this offset (-1: with the oldest there is), under the writer of this generation.
  void go_after(std::int64_t offset, Generation generation);
  // The next watermark that counts; nothing when none came within `wait`.
  std::optional<Sealed> next(std::chrono::milliseconds wait);

  // Records below are behind us.
  std::int64_t position() const { return records_ ? records_->position() : 0; }

  bool exists();
  kafka::Extent extent() { return consumer_.extent(topic_, 0); }

 private:
  kafka::Partition& from(std::int64_t offset);

  kafka::Consumer& consumer_;
  const std::string topic_;
  const std::chrono::milliseconds patience_;
  bool exists_ = false;
  std::unique_ptr<kafka::Partition> records_;
  Generation generation_;
};

}  // namespace freshet::journal
