// The journal on Kafka: a topic per stream, one of watermarks, one of what the journal has to remember
// (docs/formats/topics.md). Writer and reader share nothing but the cluster.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "adapter/kafka/settings.h"
#include "journal/backlog.h"
#include "journal/journal.h"
#include "journal/last_sealed.h"

namespace freshet::journal {

struct KafkaOptions {
  kafka::Settings cluster;
  std::string prefix;         // of the topics' names: one journal
  std::string database = {};  // of the source, for people and for other readers
  // Topics that aren't there are made like this.
  std::int32_t partitions = 1;
  std::int32_t replication = -1;                         // -1: the broker's default
  std::map<std::string, std::string> topic_config = {};  // as Kafka names it: retention.ms
  // Topics that have another name than the prefix and the stream's: by stream.
  std::map<std::string, std::string> aliases = {};
};

// Makes what isn't there and begins a new generation. Throws Error{identity} when the topics aren't those
// that the last generation left.
std::unique_ptr<Writer> open_writer(const KafkaOptions& options);

// The journal need not be there yet.
std::unique_ptr<Reader> open_reader(const KafkaOptions& options);

// The journal need not be there yet. Bytes are those of the records' values, as far as their average tells.
std::unique_ptr<Backlog> open_backlog(const KafkaOptions& options);

// Only reads, also beside a writer. Nothing when there is no journal.
std::optional<LastSealed> read_last_sealed(const KafkaOptions& options);

}  // namespace freshet::journal
