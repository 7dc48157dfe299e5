// librdkafka's objects as owned values. Inside adapter/kafka only.
#pragma once

#include <librdkafka/rdkafka.h>

#include <memory>
#include <string>

#include "adapter/kafka/settings.h"
#include "base/error.h"

namespace freshet::kafka {

template <class T, void (*destroy)(T*)>
struct Destroy {
  void operator()(T* object) const { destroy(object); }
};

using Handle = std::unique_ptr<rd_kafka_t, Destroy<rd_kafka_t, rd_kafka_destroy>>;
using TopicHandle = std::unique_ptr<rd_kafka_topic_t, Destroy<rd_kafka_topic_t, rd_kafka_topic_destroy>>;
using QueueHandle = std::unique_ptr<rd_kafka_queue_t, Destroy<rd_kafka_queue_t, rd_kafka_queue_destroy>>;
using EventHandle = std::unique_ptr<rd_kafka_event_t, Destroy<rd_kafka_event_t, rd_kafka_event_destroy>>;

// A configuration in the making; open() uses it up.
class Configuration {
 public:
  explicit Configuration(const Settings& settings);
  ~Configuration();
  Configuration(const Configuration&) = delete;
  Configuration& operator=(const Configuration&) = delete;

  // Error{config} for what librdkafka doesn't take.
  void set(const std::string& name, const std::string& value);
  rd_kafka_conf_t* get() { return conf_; }
  Handle open(rd_kafka_type_t type);

 private:
  rd_kafka_conf_t* conf_;
};

// What the caller can do about it, and what to look at. `where`: the call, and topic and partition if any.
Error kafka_error(rd_kafka_resp_err_t code, const std::string& where, const std::string& text = {});

}  // namespace freshet::kafka
