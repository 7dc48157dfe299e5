// How the journal's topics are named: <prefix>.<schema>.<table>, in the letters that Kafka takes.
#pragma once

#include <string>

#include "journal/kafka.h"

namespace freshet::journal {

class TopicNames {
 public:
  explicit TopicNames(const KafkaOptions& options) : options_(options) {}

  // Of a stream ("schema.table"). Two streams never share one: where letters had to be replaced, or it would
  // be too long, a hash of the whole name ends it.
  std::string of(const std::string& stream) const;
  std::string watermarks() const { return options_.prefix + ".freshet-watermarks"; }
  std::string requests() const { return options_.prefix + ".freshet-requests"; }
  std::string state() const { return options_.prefix + ".freshet-state"; }

 private:
  const KafkaOptions& options_;
};

}  // namespace freshet::journal
