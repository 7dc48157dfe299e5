// A real Kafka broker for tests: one node, KRaft, in a temporary folder.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "support/process.h"

namespace freshet::test {

// A broker of its own, for tests that kill or restart it or need it configured.
class KafkaBroker {
 public:
  // `settings`: lines for server.properties, e.g. "message.max.bytes=1000".
  explicit KafkaBroker(const std::vector<std::string>& settings = {});

  std::string brokers() const;  // host:port
  pid_t pid() const { return process_->pid(); }

  void start();  // on the same data and port; waits until it answers
  void stop();
  void kill();  // kill -9
  std::string log() const;

 private:
  TempDir dir_;
  int port_ = 0;
  std::unique_ptr<Process> process_;
};

// The broker shared by the tests: FRESHET_TEST_KAFKA (host:port) where set, else one started on first use.
std::string shared_kafka();

// A prefix for the topics of one test.
std::string unique_topic_prefix();

// What somebody may do to our topics: waits until the cluster has done it.
void delete_topic(const std::string& brokers, const std::string& topic);
void set_partitions(const std::string& brokers, const std::string& topic, int count);

}  // namespace freshet::test
