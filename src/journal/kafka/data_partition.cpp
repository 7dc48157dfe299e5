#include "journal/kafka/data_partition.h"

#include <fmt/format.h>

#include "base/clock.h"
#include "base/error.h"

namespace freshet::journal {
namespace {

constexpr std::chrono::milliseconds kPoll{100};
constexpr std::string_view kHint = "freshet snapshot TABLE: it reads the stream's table again";

}  // namespace

DataPartition::DataPartition(kafka::Consumer& consumer, std::string topic, std::int32_t number, Offset from,
                             std::chrono::milliseconds patience)
    : consumer_(consumer),
      topic_(std::move(topic)),
      number_(number),
      patience_(patience),
      records_(consumer, topic_, number, static_cast<std::int64_t>(from.value())) {}

void DataPartition::read(Offset from, Offset to,
                         const std::function<bool(const kafka::Record& record)>& take) {
  records_.seek(static_cast<std::int64_t>(from.value()));
  for (Offset at = from; at < to; at = at.next()) {
    const kafka::Record record = next(to);
    if (record.offset != static_cast<std::int64_t>(at.value()))
      throw Error(ErrorKind::identity,
                  fmt::format("records {} to {} of {} [{}] aren't there any more", at.value(),
                              record.offset - 1, topic_, number_),
                  std::string(kHint));
    if (take(record)) continue;
    records_.seek(record.offset);
    return;
  }
}

kafka::Record DataPartition::next(Offset to) {
  const Deadline deadline(system_clock(), patience_);
  do {
    if (auto record = records_.next(kPoll)) return *record;
    if (!records_.at_end()) continue;
    const std::int64_t high = consumer_.extent(topic_, number_).high;
    if (high < static_cast<std::int64_t>(to.value()))
      throw Error(
          ErrorKind::identity,
          fmt::format("{} [{}] ends at {}: records up to {} aren't there", topic_, number_, high, to.value()),
          std::string(kHint));
  } while (!deadline.passed());
  throw Error(ErrorKind::transient, fmt::format("Kafka: no record of {} [{}] came in {} ms, at {}", topic_,
                                                number_, patience_.count(), records_.position()));
}

}  // namespace freshet::journal
