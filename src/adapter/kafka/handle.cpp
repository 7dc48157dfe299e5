#include "adapter/kafka/handle.h"

#include <fmt/format.h>

#include <array>

#include "base/log.h"

namespace freshet::kafka {
namespace {

constexpr std::size_t kErrorText = 512;

struct Policy {
  rd_kafka_resp_err_t code;
  ErrorKind kind;
  const char* hint = "";
};

constexpr const char* kDeleted = "the topic was deleted; start over: docs/runbook/snapshot-again.md";

// What isn't named here passes, or so we must hope: brokers come and go.
constexpr Policy kPolicies[] = {
    {RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, ErrorKind::permission,
     "allow the principal to read, write and create the topics of the prefix"},
    {RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED, ErrorKind::permission,
     "allow the principal IdempotentWrite on the cluster"},
    {RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, ErrorKind::permission,
     "allow the principal to read the group"},
    {RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED, ErrorKind::permission,
     "see sasl.username and its password"},
    {RD_KAFKA_RESP_ERR__AUTHENTICATION, ErrorKind::permission, "see sasl.username and its password"},
    {RD_KAFKA_RESP_ERR__SSL, ErrorKind::config, "see the ssl.* properties"},
    {RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, ErrorKind::identity, kDeleted},
    {RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, ErrorKind::identity, kDeleted},
    {RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION, ErrorKind::identity, kDeleted},
    {RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE, ErrorKind::identity},
    {RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET, ErrorKind::identity},
    {RD_KAFKA_RESP_ERR__FENCED, ErrorKind::identity},
    {RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, ErrorKind::capacity,
     "raise max.message.bytes of the topic, and the broker's limits with it"},
    {RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE, ErrorKind::capacity,
     "raise segment.bytes of the topic above the size of a row"},
    {RD_KAFKA_RESP_ERR_INVALID_CONFIG, ErrorKind::config},
    {RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR, ErrorKind::config,
     "no more replicas than there are brokers"},
    {RD_KAFKA_RESP_ERR_POLICY_VIOLATION, ErrorKind::config},
    {RD_KAFKA_RESP_ERR__BAD_MSG, ErrorKind::data},
};

const Policy* policy_of(rd_kafka_resp_err_t code) {
  for (const Policy& policy : kPolicies)
    if (policy.code == code) return &policy;
  return nullptr;
}

// librdkafka's own lines: what it retries by itself is no more than a note.
void on_log(const rd_kafka_t*, int level, const char* facility, const char* text) {
  constexpr int kWarning = 4;
  if (level <= kWarning) log::info("kafka_client", {{"facility", facility}, {"text", text}});
}

}  // namespace

Configuration::Configuration(const Settings& settings) : conf_(rd_kafka_conf_new()) {
  set("bootstrap.servers", settings.brokers);
  set("client.id", settings.client_id);
  set("log.connection.close", "false");  // idle ones are closed by every broker
  set("topic.metadata.propagation.max.ms", "10000");
  rd_kafka_conf_set_log_cb(conf_, on_log);
  for (const auto& [name, value] : settings.properties) set(name, value);
}

Configuration::~Configuration() {
  if (conf_ != nullptr) rd_kafka_conf_destroy(conf_);
}

void Configuration::set(const std::string& name, const std::string& value) {
  std::array<char, kErrorText> text{};
  if (rd_kafka_conf_set(conf_, name.c_str(), value.c_str(), text.data(), text.size()) != RD_KAFKA_CONF_OK)
    throw Error(ErrorKind::config, fmt::format("the Kafka property {} can't be set: {}", name, text.data()));
}

Handle Configuration::open(rd_kafka_type_t type) {
  std::array<char, kErrorText> text{};
  Handle handle(rd_kafka_new(type, conf_, text.data(), text.size()));
  if (!handle) throw Error(ErrorKind::config, fmt::format("Kafka's client doesn't start: {}", text.data()));
  conf_ = nullptr;
  return handle;
}

Error kafka_error(rd_kafka_resp_err_t code, const std::string& where, const std::string& text) {
  const Policy* policy = policy_of(code);
  return Error(policy == nullptr ? ErrorKind::transient : policy->kind,
               fmt::format("Kafka: {}: {} ({})", where, text.empty() ? rd_kafka_err2str(code) : text,
                           rd_kafka_err2name(code)),
               policy == nullptr ? "" : policy->hint);
}

}  // namespace freshet::kafka
