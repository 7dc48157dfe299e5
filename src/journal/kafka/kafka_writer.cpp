#include "journal/kafka/kafka_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/nonce.h"

namespace freshet::journal {
namespace {

constexpr std::string_view kStartOver = "start over: docs/runbook/snapshot-again.md";

}  // namespace

struct KafkaWriter::StreamTopic {
  kafka::Producer::Topic& topic;
  std::string stream;
  std::int32_t partitions = 1;
  std::uint64_t sent = 0;  // since the last seal
};

KafkaWriter::KafkaWriter(const KafkaOptions& options)
    : options_(options),
      names_(options_),
      consumer_(options.cluster),
      admin_(options.cluster),
      producer_(options.cluster),
      state_(consumer_, names_.state()),
      control_(consumer_, names_.watermarks(), options.cluster.deadline) {
  make_own_topics();
  begin_generation();
}

KafkaWriter::~KafkaWriter() = default;

void KafkaWriter::make_own_topics() {
  const auto make = [&](kafka::NewTopic topic) {
    topic.replication = options_.replication;
    if (consumer_.partitions(topic.name) == 0) admin_.create(topic);
  };
  make({.name = names_.watermarks(), .config = options_.topic_config});
  make({.name = names_.state(), .config = {{"cleanup.policy", "compact"}}});
  state_.refresh(options_.cluster.deadline);
  if (state_.journal()) return;
  const StateRecord made = journal_record(make_nonce());
  producer_.send(producer_.topic(names_.state()), 0, made.key, made.value);
  producer_.flush();
  state_.refresh(options_.cluster.deadline);
}

// Whoever opens at the same moment is seen between what was looked at and our opening; the later one opens
// again.
void KafkaWriter::begin_generation() {
  journal_ = state_.journal().value();
  Opening opening{.generation = Generation(1), .journal = journal_, .claim = make_nonce(), .last = {}};
  Generation newest;
  // False: somebody is as new as we are, or there is a later watermark than the one that we named.
  const auto is_up_to_date = [&](const std::vector<ControlRecord>& records) {
    bool up_to_date = true;
    for (const ControlRecord& record : records) {
      if (generation_of(record) < newest) continue;
      newest = generation_of(record);
      if (newest >= opening.generation) up_to_date = false;
      const Sealed* sealed = sealed_of(record);
      if (sealed == nullptr || opening.last == *sealed) continue;
      opening.last = *sealed;
      up_to_date = false;
    }
    opening.generation = std::max(opening.generation, newest.next());
    return up_to_date;
  };
  std::int64_t seen = control_.extent().high;
  is_up_to_date(control_.last_before(seen));
  if (newest == Generation()) require_no_earlier_one(seen);
  do {
    control_at_ = write_control(opening);
    generation_ = opening.generation;
  } while (!is_up_to_date(control_.between(std::exchange(seen, control_at_ + 1), control_at_)));
  if (opening.last) go_on_from(*opening.last);
}

// Where the watermarks are gone nobody knows what the other topics hold.
void KafkaWriter::require_no_earlier_one(std::int64_t watermarks_end) {
  if (watermarks_end == 0 && !state_.has_notes()) return;
  throw Error(
      ErrorKind::identity,
      fmt::format("the topic {} has lost every watermark: it was made again, or its retention passed by",
                  names_.watermarks()),
      std::string(kStartOver));
}

std::int64_t KafkaWriter::write_control(const ControlRecord& record) {
  kafka::Producer::Topic& topic = producer_.topic(names_.watermarks());
  producer_.send(topic, 0, "", encode(record));
  producer_.flush();
  return producer_.acknowledged(topic).ends.at(0) - 1;
}

void KafkaWriter::go_on_from(const Sealed& last) {
  if (last.watermark.journal != journal_)
    throw Error(ErrorKind::identity,
                fmt::format("the topics {} and {} are of two journals", names_.watermarks(), names_.state()),
                std::string(kStartOver));
  require_own_topics(last.watermark.ends);
  last_ = last.watermark;
  epoch_ = last.watermark.epoch;
  ends_ = last.watermark.ends;
  bytes_ = last.bytes;
  notes_at_ = last.notes_at;
  if (notes_at_ < 0) return;
  const KeptNotes* found = state_.notes_at(notes_at_);
  if (found == nullptr)
    throw Error(ErrorKind::identity,
                fmt::format("the topic {} lacks capture's notes, record {}", names_.state(), notes_at_),
                std::string(kStartOver));
  notes_slot_ = static_cast<std::size_t>(found - state_.notes().data());
  notes_ = found->text;
}

// A topic that was deleted and made again, or whose last records an election lost, is another one.
void KafkaWriter::require_own_topics(const Ends& ends) {
  for (const auto& [partition, end] : ends) {
    const std::string topic = names_.of(partition.stream);
    if (consumer_.partitions(topic) <= partition.number)
      throw Error(
          ErrorKind::identity,
          fmt::format("the topic {} [{}] isn't there any more: it was deleted", topic, partition.number),
          std::string(kStartOver));
    const std::int64_t high = consumer_.extent(topic, partition.number).high;
    if (high < static_cast<std::int64_t>(end.value()))
      throw Error(
          ErrorKind::identity,
          fmt::format(
              "the topic {} [{}] ends at {}, but was written up to {}: it was made again, or lost records",
              topic, partition.number, high, end.value()),
          std::string(kStartOver));
  }
}

KafkaWriter::StreamTopic& KafkaWriter::topic_of(const TableSchema& table) {
  std::string stream = stream_name(table);
  std::unique_ptr<StreamTopic>& found = topics_[stream];
  if (found) return *found;
  const std::string name = names_.of(stream);
  std::int32_t partitions = consumer_.partitions(name);
  if (partitions == 0) {
    admin_.create({.name = name,
                   .partitions = options_.partitions,
                   .replication = options_.replication,
                   .config = options_.topic_config});
    partitions = options_.partitions;
  }
  const auto known =
      std::ranges::count_if(ends_, [&](const auto& end) { return end.first.stream == stream; });
  if (known > partitions || (known != 0 && known < partitions))
    throw Error(
        ErrorKind::identity,
        fmt::format(
            "the topic {} has {} partitions, and had {}: a key's changes are no longer in one of them", name,
            partitions, known),
        std::string(kStartOver));
  found = std::make_unique<StreamTopic>(StreamTopic{producer_.topic(name), stream, partitions});
  for (std::int32_t number = 0; number < partitions; ++number) ends_.try_emplace({stream, number}, Offset());
  return *found;
}

const EnvelopeWriter& KafkaWriter::envelope_of(const TableSchema& table) {
  const auto found = envelopes_.find(&table);
  if (found != envelopes_.end()) return found->second;
  const EnvelopeWriter& made =
      envelopes_.try_emplace(&table, Origin{options_.prefix, options_.database}, table).first->second;
  if (announced_.insert(made.shape()).second && state_.shape(made.shape()) == nullptr) {
    const StateRecord shape = shape_record(made.shape(), table);
    producer_.send(producer_.topic(names_.state()), 0, shape.key, shape.value);
  }
  return made;
}

std::uint64_t KafkaWriter::room() {
  return std::uint64_t{1} << 40;  // the topics' own retention is the limit
}

void KafkaWriter::append(const Change& change) {
  StreamTopic& to = topic_of(*change.schema);
  Change stamped = change;
  stamped.generation = generation_;
  stamped.epoch = epoch_;
  envelope_of(*change.schema).write(stamped, key_, value_);
  bytes_[to.stream] += value_.size();
  ++to.sent;
  if (key_.empty())
    producer_.send(to.topic, 0, key_, value_);
  else
    producer_.send_by_key(to.topic, key_, value_);
}

void KafkaWriter::keep(std::string notes) {
  if (notes == notes_) return;
  notes_ = std::move(notes);
  notes_changed_ = true;
}

void KafkaWriter::write_notes() {
  const std::size_t slot = notes_at_ < 0 ? 0 : 1 - notes_slot_;
  const StateRecord record = notes_record(slot, notes_);
  kafka::Producer::Topic& topic = producer_.topic(names_.state());
  producer_.send(topic, 0, record.key, record.value);
  producer_.flush();
  notes_at_ = producer_.acknowledged(topic).ends.at(0) - 1;
  notes_slot_ = slot;
  notes_changed_ = false;
}

void KafkaWriter::collect_ends() {
  for (auto& [stream, to] : topics_) {
    if (to->sent == 0) continue;
    const std::vector<std::int64_t>& acknowledged = producer_.acknowledged(to->topic).ends;
    std::uint64_t arrived = 0;
    for (std::int32_t number = 0; number < to->partitions; ++number) {
      const auto index = static_cast<std::size_t>(number);
      if (index >= acknowledged.size() || acknowledged[index] < 0) continue;
      Offset& end = ends_[{stream, number}];
      const Offset now(static_cast<std::uint64_t>(acknowledged[index]));
      if (now < end)
        arrived = 0;
      else
        arrived += now.value() - end.value();
      end = std::max(end, now);
    }
    if (arrived < to->sent)
      throw Error(ErrorKind::identity,
                  fmt::format("the topic {} was made again while it was written", names_.of(stream)),
                  std::string(kStartOver));
    to->sent = 0;
  }
}

// What a superseded writer wrote meanwhile, before it saw that it is, counts for nothing.
void KafkaWriter::require_nobody_later_below(std::int64_t offset) {
  for (const ControlRecord& record : control_.between(control_at_ + 1, offset))
    if (generation_of(record) >= generation_)
      throw Error(ErrorKind::identity,
                  fmt::format("another capture writes the topics of {}: it has taken over", options_.prefix));
}

Durable<Watermark> KafkaWriter::seal(Lsn commit_lsn, Micros committed_at) {
  if (notes_changed_) write_notes();
  producer_.flush();
  collect_ends();
  envelopes_.clear();

  Sealed sealed{.watermark = {.journal = journal_,
                              .generation = generation_,
                              .epoch = epoch_,
                              .commit_lsn = commit_lsn,
                              .committed_at = committed_at,
                              .ends = ends_},
                .bytes = bytes_,
                .notes_at = notes_at_};
  const std::int64_t at = write_control(sealed);
  require_nobody_later_below(at);
  control_at_ = at;
  sealed.watermark.number = static_cast<std::uint64_t>(at);
  last_ = sealed.watermark;
  return confirm(std::move(sealed.watermark));
}

std::unique_ptr<Writer> open_writer(const KafkaOptions& options) {
  return std::make_unique<KafkaWriter>(options);
}

}  // namespace freshet::journal
