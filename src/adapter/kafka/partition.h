// Reading one partition, from an offset on: no groups, no commits; whoever reads keeps the position. A
// Consumer, and all Partitions of it, belong to one thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "adapter/kafka/settings.h"

namespace freshet::kafka {

// Valid until the partition's next call.
struct Record {
  std::string_view key;
  std::string_view value;
  std::int64_t offset = 0;
  bool tombstone = false;  // no value at all
};

// The offsets that a partition has: from `low` up to, without, `high`.
struct Extent {
  std::int64_t low = 0;
  std::int64_t high = 0;
};

class Consumer {
 public:
  explicit Consumer(const Settings& settings);
  ~Consumer();
  Consumer(const Consumer&) = delete;
  Consumer& operator=(const Consumer&) = delete;

  // Asked of the cluster. Error{identity} when there is no such topic or partition.
  Extent extent(const std::string& topic, std::int32_t partition);
  // How many partitions it has; 0: there is no such topic.
  std::int32_t partitions(const std::string& topic);

 private:
  friend class Partition;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

class Partition {
 public:
  // Must go before the consumer.
  Partition(Consumer& consumer, std::string topic, std::int32_t number, std::int64_t from);
  ~Partition();
  Partition(const Partition&) = delete;
  Partition& operator=(const Partition&) = delete;

  // Where the next record is looked for.
  std::int64_t position() const { return position_; }
  void seek(std::int64_t offset);

  // The next record; nothing at the partition's end, or when none came within `wait`. Error{identity} when
  // the position is outside of what the partition has.
  std::optional<Record> next(std::chrono::milliseconds wait);
  bool at_end() const { return at_end_; }  // the last call met the end

 private:
  struct Impl;
  const std::string topic_;
  const std::int32_t number_;
  std::int64_t position_;
  bool at_end_ = false;
  std::unique_ptr<Impl> impl_;
};

}  // namespace freshet::kafka
