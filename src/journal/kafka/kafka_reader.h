// The reading side on Kafka; see journal.h and docs/formats/topics.md. Owned and called by load's thread
// only.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "base/clock.h"
#include "journal/kafka.h"
#include "journal/kafka/control_topic.h"
#include "journal/kafka/data_partition.h"
#include "journal/kafka/envelope.h"
#include "journal/kafka/state_topic.h"
#include "journal/kafka/topic_names.h"

namespace freshet::journal {

class KafkaReader final : public Reader {
 public:
  explicit KafkaReader(const KafkaOptions& options);

  std::optional<Watermark> next(const std::optional<Watermark>& after, std::uint64_t max_bytes,
                                std::chrono::milliseconds wait) override;
  void expect(const Ends& from, const Ends& to) override;
  void read(const Ends& from, const Ends& to, const Visitor& visit,
            const std::function<bool(const std::string& stream)>& only) override;
  void read_while(const Partition& partition, Offset from, Offset to, const Taker& take) override;
  void release(const Durable<Ends>& ends, const std::set<std::string>& held) override;
  // As of the last look, which isn't long ago: it asks the cluster for each partition.
  Ends gaps() const override;
  // The topics' sizes are the cluster's business.
  std::uint64_t bytes() const override { return 0; }
  std::uint64_t limit() const override { return 0; }

 private:
  bool journal_is_there();
  void go_after(const std::optional<Watermark>& after);
  std::optional<Sealed> following(const std::optional<Sealed>& base, std::uint64_t max_bytes);
  DataPartition& data(const Partition& partition, Offset from);

  const KafkaOptions options_;
  const TopicNames names_;
  mutable kafka::Consumer consumer_;
  StateTopic state_;
  ControlTopic control_;
  EnvelopeReader envelopes_;
  std::optional<Sealed> position_;  // what next() gave last
  bool placed_ = false;             // the topic of watermarks is read from position_ on
  std::map<Partition, DataPartition> data_;
  Ends needed_;  // load reads from here on
  mutable Ends gaps_;
  mutable std::optional<SteadyTime> looked_at_;  // for gaps; nothing: look at once
};

}  // namespace freshet::journal
