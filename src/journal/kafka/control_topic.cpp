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

std::vector<ControlRecord> ControlTopic::between(std::int64_t first, std::int64_t to) {
  std::vector<ControlRecord> found;
  const kafka::Extent extent = this->extent();
  first = std::max(first, extent.low);
  to = std::min(to, extent.high);
  if (first >= to) return found;
  kafka::Partition& records = from(first);
  const Deadline deadline(system_clock(), patience_);
  while (records.position() < to) {
    if (const auto record = records.next(kPoll))
      found.push_back(decode_control(record->value, record->offset));
    if (deadline.passed())
      throw Error(ErrorKind::transient,
                  fmt::format("Kafka: record {} of {} doesn't come", records.position(), topic_));
  }
  return found;
}

std::optional<ControlRecord> ControlTopic::at(std::int64_t offset) {
  std::vector<ControlRecord> found = between(offset, offset + 1);
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

// A superseded writer writes one watermark at most, and sees by its offset that somebody came between.
std::vector<ControlRecord> ControlTopic::last_before(std::int64_t offset) {
  constexpr std::int64_t kEnough = 64;
  return between(offset - kEnough, offset);
}

std::optional<Sealed> ControlTopic::newest() {
  std::optional<Sealed> newest;
  Generation generation;
  for (const ControlRecord& record : last_before(extent().high)) {
    if (generation_of(record) < generation) continue;
    generation = generation_of(record);
    if (const Sealed* sealed = sealed_of(record)) newest = *sealed;
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
