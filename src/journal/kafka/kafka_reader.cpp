#include "journal/kafka/kafka_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/clock.h"
#include "base/error.h"

namespace freshet::journal {
namespace {

constexpr std::chrono::milliseconds kPoll{50};
// Retention takes whole segments, some minutes after their time has come. A read that meets it looks at once.
constexpr std::chrono::seconds kLookForGapsEvery{10};

Offset position_in(const Ends& positions, const Partition& partition) {
  const auto found = positions.find(partition);
  return found == positions.end() ? Offset() : found->second;
}

std::uint64_t total(const std::optional<Sealed>& sealed) {
  std::uint64_t sum = 0;
  if (sealed)
    for (const auto& [stream, bytes] : sealed->bytes) sum += bytes;
  return sum;
}

[[noreturn]] void refuse_position(const Watermark& position, const std::string& why) {
  throw Error(ErrorKind::identity,
              fmt::format("position {} of journal {}: {}", position.number, position.journal, why),
              "the topics were made again, or are others; start over: docs/runbook/snapshot-again.md");
}

}  // namespace

KafkaReader::KafkaReader(const KafkaOptions& options)
    : options_(options),
      names_(options_),
      consumer_(options_.cluster),
      state_(consumer_, names_.state()),
      control_(consumer_, names_.watermarks(), options_.cluster.deadline),
      envelopes_([this](ShapeId id) {
        if (const TableSchema* known = state_.shape(id)) return known;
        state_.refresh(options_.cluster.deadline);
        return state_.shape(id);
      }) {}

bool KafkaReader::journal_is_there() {
  if (!state_.journal()) state_.refresh(options_.cluster.deadline);
  return state_.journal() && control_.exists();
}

std::optional<Watermark> KafkaReader::next(const std::optional<Watermark>& after, std::uint64_t max_bytes,
                                           std::chrono::milliseconds wait) {
  const Deadline deadline(system_clock(), wait);
  while (!journal_is_there()) {
    if (deadline.passed()) return std::nullopt;
    system_clock().sleep(std::min(deadline.left(), kPoll), {});
  }
  const bool is_here =
      placed_ && after.has_value() == position_.has_value() && (!after || *after == position_->watermark);
  if (!is_here) go_after(after);
  while (true) {
    if (std::optional<Sealed> found = following(position_, max_bytes)) {
      position_ = std::move(found);
      return position_->watermark;
    }
    if (deadline.passed()) return std::nullopt;
    system_clock().sleep(std::min(deadline.left(), kPoll), {});
  }
}

void KafkaReader::go_after(const std::optional<Watermark>& after) {
  placed_ = false;
  position_.reset();
  if (after) {
    if (after->journal != *state_.journal())
      refuse_position(*after, "the topics are of journal " + *state_.journal());
    const std::optional<ControlRecord> found = control_.at(static_cast<std::int64_t>(after->number));
    if (!found) refuse_position(*after, "the topic of watermarks doesn't have it");
    const auto* sealed = std::get_if<Sealed>(&*found);
    if (sealed == nullptr || sealed->watermark != *after)
      refuse_position(*after, "there is another one at its place");
    position_ = *sealed;
  }
  control_.go_after(after ? static_cast<std::int64_t>(after->number) : -1,
                    after ? after->generation : Generation());
  placed_ = true;
}

// The newest of those that are there now, as far as the bytes allow.
std::optional<Sealed> KafkaReader::following(const std::optional<Sealed>& base, std::uint64_t max_bytes) {
  const std::int64_t end = control_.extent().high;
  const Deadline deadline(system_clock(), options_.cluster.deadline);
  std::optional<Sealed> found;
  while (control_.position() < end && !deadline.passed()) {
    std::optional<Sealed> sealed = control_.next(kPoll);
    if (!sealed) continue;
    const std::uint64_t bytes = total(sealed) - total(base);
    if (found && bytes > max_bytes) {
      control_.go_after(static_cast<std::int64_t>(found->watermark.number), found->watermark.generation);
      break;
    }
    found = std::move(sealed);
    if (bytes > max_bytes) break;
  }
  return found;
}

DataPartition& KafkaReader::data(const Partition& partition, Offset from) {
  return data_
      .try_emplace(partition, consumer_, names_.of(partition.stream), partition.number, from,
                   options_.cluster.deadline)
      .first->second;
}

// All are on their way before the first is waited for.
void KafkaReader::expect(const Ends& from, const Ends& to) {
  for (const auto& [partition, end] : to) {
    const Offset begin = position_in(from, partition);
    if (begin < end) data(partition, begin);
  }
}

void KafkaReader::read(const Ends& from, const Ends& to, const Visitor& visit,
                       const std::function<bool(const std::string& stream)>& only) {
  Ends wanted;
  for (const auto& [partition, end] : to)
    if (!only || only(partition.stream)) wanted.emplace(partition, end);
  expect(from, wanted);
  for (const auto& [partition, end] : wanted)
    read_while(partition, position_in(from, partition), end, [&](const Change& change, Offset offset) {
      visit(change, partition, offset);
      return true;
    });
}

void KafkaReader::read_while(const Partition& partition, Offset from, Offset to, const Taker& take) try {
  if (from >= to) return;
  needed_[partition] = from;
  data(partition, from).read(from, to, [&](const kafka::Record& record) {
    return take(envelopes_.read(record.value), Offset(static_cast<std::uint64_t>(record.offset)));
  });
} catch (const Error& error) {
  if (error.kind() == ErrorKind::identity) looked_at_.reset();
  throw;
}

void KafkaReader::release(const Durable<Ends>& ends, const std::set<std::string>&) {
  for (const auto& [partition, end] : ends.get()) needed_[partition] = end;
}

Ends KafkaReader::gaps() const {
  const SteadyTime now = system_clock().steady();
  if (looked_at_ && now - *looked_at_ < kLookForGapsEvery) return gaps_;
  gaps_.clear();
  for (const auto& [partition, needed] : needed_) {
    const Offset low(
        static_cast<std::uint64_t>(consumer_.extent(names_.of(partition.stream), partition.number).low));
    if (low > needed) gaps_[partition] = low;
  }
  looked_at_ = now;
  return gaps_;
}

std::unique_ptr<Reader> open_reader(const KafkaOptions& options) {
  return std::make_unique<KafkaReader>(options);
}

}  // namespace freshet::journal
