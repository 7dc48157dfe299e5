// Producer: records to topics, in order within each partition, none twice (idempotent, acks=all). One thread
// owns and calls it; acknowledgements are counted in that thread, too, while it sends or flushes.
//
// After the first record that couldn't be delivered it is of no more use: later ones of the partition may
// have arrived or not. Whoever needs more opens another one, and looks at what is there.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "adapter/kafka/settings.h"

namespace freshet::kafka {

// How far a topic's records have been acknowledged, by this producer. By partition: the offset after the last
// one, -1: none.
struct Acknowledged {
  std::vector<std::int64_t> ends;
};

class Producer {
 public:
  class Topic;

  explicit Producer(const Settings& settings);
  ~Producer();
  Producer(const Producer&) = delete;
  Producer& operator=(const Producer&) = delete;

  // Stays until the producer goes.
  Topic& topic(const std::string& name);

  // Takes a copy; waits while what isn't acknowledged fills the buffer. Error{transient} after the deadline.
  void send(Topic& topic, std::int32_t partition, std::string_view key, std::string_view value);
  // The partition is the key's (murmur2, as Java's clients choose it).
  void send_by_key(Topic& topic, std::string_view key, std::string_view value);

  // Returns when everything that was sent is acknowledged. Throws what kept a record from being so.
  void flush();

  // Acknowledged since the last call, by topic.
  const Acknowledged& acknowledged(const Topic& topic) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace freshet::kafka
