// Making topics, and deleting records of them. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "adapter/kafka/settings.h"

namespace freshet::kafka {

struct NewTopic {
  std::string name;
  std::int32_t partitions = 1;
  std::int32_t replication = -1;                   // -1: the broker's default
  std::map<std::string, std::string> config = {};  // as Kafka names it: cleanup.policy, retention.ms
};

class Admin {
 public:
  explicit Admin(const Settings& settings);
  ~Admin();

  // False when there is one already, whatever it looks like.
  bool create(const NewTopic& topic);
  // Records below `offset` are gone.
  void delete_records(const std::string& topic, std::int32_t partition, std::int64_t offset);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace freshet::kafka
