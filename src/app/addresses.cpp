#include "app/addresses.h"

#include "adapter/postgres/address.h"

namespace freshet::app {
namespace {

// A row of 64 MiB with its old values, as JSON.
constexpr std::int64_t kRecordBytesMax = 512 << 20;

}  // namespace

std::string source_address(const contract::SourceSettings& source, const contract::Environment& environment) {
  std::string url = source.url.resolve(environment);
  if (!source.password) return url;
  return postgres::with_password(url, source.password->resolve(environment));
}

std::optional<journal::KafkaOptions> kafka_journal(const contract::Project& project,
                                                   const contract::Environment& environment) {
  const contract::KafkaSettings& settings = project.kafka;
  if (settings.embedded()) return std::nullopt;
  journal::KafkaOptions options;
  options.cluster.brokers = settings.brokers->resolve(environment);
  options.cluster.properties = settings.properties;
  if (settings.password)
    options.cluster.properties["sasl.password"] = settings.password->resolve(environment);
  options.prefix = settings.prefix.empty() ? project.name : settings.prefix;
  options.partitions = settings.partitions;
  if (settings.replication > 0) options.replication = settings.replication;
  options.topic_config = {{"cleanup.policy", "delete"},
                          {"retention.ms", std::to_string(settings.retention.count())},
                          {"max.message.bytes", std::to_string(kRecordBytesMax)}};
  options.aliases = settings.topics;
  return options;
}

std::optional<clickhouse::Endpoint> clickhouse_address(const contract::ClickHouseSettings& settings,
                                                       const contract::Environment& environment) {
  if (settings.embedded()) return std::nullopt;
  const std::string password = settings.password ? settings.password->resolve(environment) : "";
  return clickhouse::Endpoint(settings.url->resolve(environment), {settings.user, password});
}

}  // namespace freshet::app
