#include "journal/kafka/control_topic.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/clock.h"
#include "base/error.h"

namespace freshet::journal {
namespace {

constexpr std::chrono::milliseconds kPoll{50};

}  // namespace

ControlTopic::ControlTopic(kafka::Consumer& consumer, std::string topic, std::chrono::milliseconds patience)
    : consumer_(consumer), topic_(std::move(topic)), patience_(patience) {}

bool ControlTopic::exists() {
  exists_ = exists_ || consumer_.partitions(topic_) > 0;
  return exists_;
}

kafka::Partition& ControlTopic::from(std::int64_t offset) {
  if (!records_)
    records_ = std::make_unique<kafka::Partition>(consumer_, topic_, 0, offset);
  else
    records_->seek(offset);
  return *records_;
}

std::optional<ControlRecord> ControlTopic::at(std::int64_t offset) {
  const kafka::Extent extent = this->extent();
  if (offset < extent.low || offset >= extent.high) return std::nullopt;
  kafka::Partition& records = from(offset);
  const Deadline deadline(system_clock(), patience_);
  while (!deadline.passed())
    if (const auto record = records.next(kPoll)) return decode_control(record->value, record->offset);
  throw Error(ErrorKind::transient, fmt::format("Kafka: record {} of {} doesn't come", offset, topic_));
}

// A superseded writer writes one watermark at most, and sees by its offset that somebody came between. So
// among the last records there is one of the newest generation; each says of which it is.
std::optional<ControlRecord> ControlTopic::newest() {
  constexpr std::int64_t kLast = 64;
  const kafka::Extent extent = this->extent();
  std::optional<ControlRecord> newest;
  for (std::int64_t offset = std::max(extent.low, extent.high - kLast); offset < extent.high; ++offset) {
    std::optional<ControlRecord> record = at(offset);
    if (record && (!newest || generation_of(*record) >= generation_of(*newest))) newest = std::move(record);
  }
  return newest;
}

void ControlTopic::go_after(std::int64_t offset, Generation generation) {
  generation_ = generation;
  from(offset < 0 ? extent().low : offset + 1);
}

std::optional<Sealed> ControlTopic::next(std::chrono::milliseconds wait) {
  const Deadline deadline(system_clock(), wait);
  do {
    const auto record = records_->next(std::min(kPoll, deadline.left()));
    if (!record) continue;
    ControlRecord control = decode_control(record->value, record->offset);
    if (generation_of(control) < generation_) continue;
    generation_ = generation_of(control);
    if (auto* sealed = std::get_if<Sealed>(&control)) return std::move(*sealed);
  } while (!deadline.passed());
  return std::nullopt;
}

}  // namespace freshet::journal
