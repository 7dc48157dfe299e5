// How to reach a Kafka cluster. docs/configuration: brokers and, as librdkafka names them, whatever else it
// needs (security.protocol, sasl.*, ssl.*).
#pragma once

#include <chrono>
#include <map>
#include <string>

namespace freshet::kafka {

struct Settings {
  std::string brokers;                                 // host:port[,host:port…]
  std::map<std::string, std::string> properties = {};  // may hold secrets: never logged
  std::string client_id = "freshet";
  // Of each call that waits for the cluster.
  std::chrono::milliseconds deadline{30'000};
};

}  // namespace freshet::kafka
