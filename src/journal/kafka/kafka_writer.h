// The writing side on Kafka; see journal.h and docs/formats/topics.md. Owned and called by capture's journal
// thread.
//
// A seal is two steps: everything that was appended is acknowledged by all replicas that are in sync, then
// the watermark is. That nobody else writes shows in the watermark's own offset: it follows our last control
// record. If somebody has begun a later generation between the two, nothing of this seal counts.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>

#include "adapter/kafka/admin.h"
#include "adapter/kafka/producer.h"
#include "journal/kafka.h"
#include "journal/kafka/control_topic.h"
#include "journal/kafka/envelope.h"
#include "journal/kafka/state_topic.h"
#include "journal/kafka/topic_names.h"

namespace freshet::journal {

class KafkaWriter final : public Writer, DurabilityWitness<KafkaWriter> {
 public:
  explicit KafkaWriter(const KafkaOptions& options);
  ~KafkaWriter() override;

  Generation generation() const override { return generation_; }
  const std::optional<Watermark>& last() const override { return last_; }
  std::uint64_t room() override;
  void append(const Change& change) override;
  Durable<Watermark> seal(Lsn commit_lsn, Micros committed_at) override;
  void keep(std::string notes) override;
  const std::string& kept() const override { return notes_; }
  void set_epoch(Epoch epoch) override { epoch_ = epoch; }

 private:
  struct StreamTopic;

  void make_own_topics();
  void begin_generation();
  std::int64_t write_control(const ControlRecord& record);
  void go_on_from(const Sealed& last);
  void require_no_earlier_one(std::int64_t watermarks_end);
  void require_own_topics(const Ends& ends);
  StreamTopic& topic_of(const TableSchema& table);
  const EnvelopeWriter& envelope_of(const TableSchema& table);
  void write_notes();
  void collect_ends();
  void require_nobody_later_below(std::int64_t offset);

  const KafkaOptions options_;
  const TopicNames names_;
  kafka::Consumer consumer_;
  kafka::Admin admin_;
  kafka::Producer producer_;
  StateTopic state_;
  ControlTopic control_;

  std::string journal_;
  Generation generation_;
  std::int64_t control_at_ = -1;  // of our last control record
  std::optional<Watermark> last_;
  Epoch epoch_ = 0;
  std::map<std::string, std::unique_ptr<StreamTopic>> topics_;
  std::map<const TableSchema*, EnvelopeWriter> envelopes_;  // until the next seal
  std::set<ShapeId> announced_;
  Ends ends_;
  std::map<std::string, std::uint64_t> bytes_;
  std::string notes_;
  bool notes_changed_ = false;
  std::size_t notes_slot_ = 0;  // of those that were sealed
  std::int64_t notes_at_ = -1;
  std::string key_;
  std::string value_;
};

}  // namespace freshet::journal
