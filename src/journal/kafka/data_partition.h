// One partition of a stream's topic, read exactly from one offset up to another. One thread.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "adapter/kafka/partition.h"
#include "journal/position.h"

namespace freshet::journal {

class DataPartition {
 public:
  // `patience`: how long no record may come while there are some.
  DataPartition(kafka::Consumer& consumer, std::string topic, std::int32_t number, Offset from,
                std::chrono::milliseconds patience);

  // Until `take` says false to a record: then that one comes first the next time. Throws Error{identity} when
  // the partition hasn't all of the range, any more or at all.
  void read(Offset from, Offset to, const std::function<bool(const kafka::Record& record)>& take);

 private:
  kafka::Record next(Offset to);

  kafka::Consumer& consumer_;
  const std::string topic_;
  const std::int32_t number_;
  const std::chrono::milliseconds patience_;
  kafka::Partition records_;
};

}  // namespace freshet::journal
