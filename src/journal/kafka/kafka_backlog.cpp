#include "journal/kafka/kafka_backlog.h"

#include <algorithm>

namespace freshet::journal {
namespace {

// Whoever asks has other things to do.
constexpr std::chrono::milliseconds kPatience{1'000};

kafka::Settings impatient(kafka::Settings cluster) {
  cluster.deadline = std::min(cluster.deadline, kPatience);
  return cluster;
}

struct Records {
  std::uint64_t all = 0;
  std::uint64_t ahead = 0;
};

std::map<std::string, Records> count(const Ends& ends, const Ends& positions) {
  std::map<std::string, Records> streams;
  for (const auto& [partition, end] : ends) {
    const auto position = positions.find(partition);
    const Offset done = position == positions.end() ? Offset() : position->second;
    Records& records = streams[partition.stream];
    records.all += end.value();
    records.ahead += end.value() - std::min(done, end).value();
  }
  return streams;
}

}  // namespace

KafkaBacklog::KafkaBacklog(const KafkaOptions& options)
    : options_(options),
      names_(options_),
      consumer_(impatient(options.cluster)),
      control_(consumer_, names_.watermarks(), kPatience) {}

bool KafkaBacklog::follow() {
  if (!follows_) {
    if (!control_.exists()) return false;
    newest_ = control_.newest();
    control_.go_after(newest_ ? static_cast<std::int64_t>(newest_->watermark.number) : -1,
                      newest_ ? newest_->watermark.generation : Generation());
    follows_ = true;
  }
  while (auto sealed = control_.next(std::chrono::milliseconds(0))) newest_ = std::move(sealed);
  return newest_.has_value();
}

std::map<std::string, std::uint64_t> KafkaBacklog::ahead_of(const Ends& positions) {
  std::map<std::string, std::uint64_t> ahead;
  if (!follow()) return ahead;
  for (const auto& [stream, records] : count(newest_->watermark.ends, positions)) {
    const auto bytes = newest_->bytes.find(stream);
    if (records.ahead == 0 || bytes == newest_->bytes.end()) continue;
    const double average = static_cast<double>(bytes->second) / static_cast<double>(records.all);
    ahead[stream] = static_cast<std::uint64_t>(average * static_cast<double>(records.ahead)) + 1;
  }
  return ahead;
}

std::unique_ptr<Backlog> open_backlog(const KafkaOptions& options) {
  return std::make_unique<KafkaBacklog>(options);
}

}  // namespace freshet::journal
