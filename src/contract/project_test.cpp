#include "contract/project.h"

#include <gtest/gtest.h>

#include "contract/units.h"

namespace freshet::contract {
namespace {

Project read(std::string_view text) {
  return parse_project(parse_yaml("pipeline.yaml", text));
}

std::string complaint(std::string_view text) {
  try {
    read(text);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::config);
    return error.what();
  }
  return "none";
}

TEST(Project, HasDefaultsForEverythingButItsName) {
  const Project project = read("name: shop\n");
  EXPECT_EQ(project.source.url, Reference(Reference::From::environment, "FRESHET_SOURCE_URL"));
  EXPECT_EQ(project.source.publication, "freshet");
  EXPECT_TRUE(project.clickhouse.embedded());
  EXPECT_TRUE(project.kafka.embedded());
  EXPECT_EQ(project.intervals.tick, milliseconds(100));
}

TEST(Project, ReadsEverySetting) {
  const Project project = read(R"(
name: shop
source:
  url: postgres://reader@db.example:5432/shop
  password_file: /run/secrets/pg
  publication: pub
  slot: slot_1
  schemas: [app, "Odd Name"]
  connections: 7
journal: {dir: /data/journal, size_limit: 1GiB, retention: 2d}
kafka:
  brokers: kafka-1:9093,kafka-2:9093
  password: ${KAFKA_PASSWORD}
  properties: {security.protocol: sasl_ssl, sasl.username: freshet}
  prefix: shop.prod
  partitions: 3
  replication: 2
  retention: 3d
  topics: {app.orders: old.orders}
clickhouse: {url: "${CLICKHOUSE}", user: loader, password: "${CLICKHOUSE_PASSWORD}"}
http: {listen: "[::1]:0"}
intervals: {tick: 50ms, heartbeat: 1s, canary: 2s, periodic: 30m}
limits: {capture_memory: 64MiB, snapshot_workers: 4, snapshot_chunk: 2MiB, snapshot_rows_per_second: 20000, sweep_ask_above: 25%}
)");
  EXPECT_EQ(project.source.url.name(), "postgres://reader@db.example:5432/shop");
  EXPECT_EQ(project.source.password, Reference(Reference::From::file, "/run/secrets/pg"));
  EXPECT_EQ(project.source.schemas, (std::vector<std::string>{"app", "Odd Name"}));
  EXPECT_EQ(project.journal.size_limit, 1ull << 30);
  EXPECT_EQ(project.journal.retention, std::chrono::hours(48));
  EXPECT_EQ(project.kafka.brokers, Reference(Reference::From::literal, "kafka-1:9093,kafka-2:9093"));
  EXPECT_EQ(project.kafka.password, Reference(Reference::From::environment, "KAFKA_PASSWORD"));
  EXPECT_EQ(project.kafka.properties.at("security.protocol"), "sasl_ssl");
  EXPECT_EQ(project.kafka.prefix, "shop.prod");
  EXPECT_EQ(project.kafka.partitions, 3);
  EXPECT_EQ(project.kafka.replication, 2);
  EXPECT_EQ(project.kafka.retention, std::chrono::hours(72));
  EXPECT_EQ(project.kafka.topics.at("app.orders"), "old.orders");
  EXPECT_EQ(project.clickhouse.url, Reference(Reference::From::environment, "CLICKHOUSE"));
  EXPECT_EQ(project.clickhouse.password, Reference(Reference::From::environment, "CLICKHOUSE_PASSWORD"));
  EXPECT_EQ(project.http.listen, "[::1]:0");
  EXPECT_EQ(project.intervals.periodic, std::chrono::minutes(30));
  EXPECT_EQ(project.limits.snapshot_chunk, 2u << 20);
  EXPECT_EQ(project.limits.snapshot_rows_per_second, 20000);
  EXPECT_EQ(project.limits.sweep_ask_above, 25);
}

TEST(Project, ComplaintsNameLineAndWhatToWrite) {
  EXPECT_EQ(complaint("name: shop\nsource:\n  publicaton: p\n"),
            "pipeline.yaml:3: unknown key 'publicaton' in 'source' (did you mean 'publication'?)");
  EXPECT_EQ(complaint("name: shop\nintervals:\n  tick: 100\n"),
            "pipeline.yaml:3: 'tick' is '100' (write a duration such as 500ms, 5s, 10m, 1h or 7d, from 10ms "
            "to 1m)");
  EXPECT_EQ(
      complaint("name: shop\njournal: {size_limit: 5MB}\n"),
      "pipeline.yaml:2: 'size_limit' is '5MB' (write a size such as 256MiB or 20GB, from 64MiB to 1024TiB)");
  EXPECT_EQ(complaint("name: shop\nsource:\n  connections: 1\n"),
            "pipeline.yaml:3: 'connections' is '1' (write a whole number from 4 to 64)");
  EXPECT_EQ(complaint("name: shop\nsource: {slot: My-Slot}\n").substr(0, 36),
            "pipeline.yaml:2: 'slot' is 'My-Slot'");
  EXPECT_EQ(complaint("name: shop\nhttp: {listen: 8080}\n"),
            "pipeline.yaml:2: 'listen' is '8080' (write address:port, for instance 127.0.0.1:8080)");
  EXPECT_EQ(complaint("name: shop\nhttp: {listen: \"127.0.0.1:65536\"}\n").substr(0, 44),
            "pipeline.yaml:2: 'listen' is '127.0.0.1:6553");
  EXPECT_EQ(complaint("name: s\nkafka: {prefix: a b}\n").substr(0, 34), "pipeline.yaml:2: 'prefix' is 'a b'");
  EXPECT_EQ(complaint("name: Shop 1\n").substr(0, 35), "pipeline.yaml:1: 'name' is 'Shop 1'");
  EXPECT_EQ(complaint("source: {}\n").substr(0, 38), "pipeline.yaml:1: pipeline.yaml lacks '");
  EXPECT_EQ(
      complaint("name: s\nlimits: {snapshot_workers: 3}\n"),
      "pipeline.yaml:1: 3 snapshot workers and the 3 connections that capture holds anyway don't fit in "
      "source.connections: 5 (raise source.connections or lower limits.snapshot_workers)");
  EXPECT_EQ(complaint("name: s\nsource: {connections: 4}\nlimits: {snapshot_workers: 1}\n"), "none");
}

TEST(Project, KeepsSecretsOutOfTheFile) {
  EXPECT_NE(complaint("name: s\nsource: {password: hunter2}\n").find("'password' is a secret"),
            std::string::npos);
  EXPECT_NE(complaint("name: s\nsource:\n  url: postgres://u:pw@h/db\n").find("'url' holds a password"),
            std::string::npos);
  EXPECT_NE(complaint("name: s\nsource:\n  url: host=h password=pw\n").find("'url' holds a password"),
            std::string::npos);
  EXPECT_NE(
      complaint("name: s\nsource:\n  url: postgres://h/db?user=a&password=pw\n").find("holds a password"),
      std::string::npos);
  EXPECT_NE(complaint("name: s\nsource:\n  url: postgres://u:${PW}@h/db\n").find("mixes a variable"),
            std::string::npos);
  EXPECT_NE(complaint("name: s\nsource: {url: a, url_file: b}\n").find("both 'url' and 'url_file'"),
            std::string::npos);
  EXPECT_NE(complaint("name: s\nkafka: {properties: {sasl.password: hunter2}}\n").find("is a secret"),
            std::string::npos);
  // A complaint never repeats the secret.
  EXPECT_EQ(complaint("name: s\nsource: {password: hunter2}\n").find("hunter2"), std::string::npos);
}

TEST(Reference, ResolvesWhereItPointsTo) {
  const Environment environment = [](const std::string& name) -> std::optional<std::string> {
    if (name == "SET") return "value";
    if (name == "EMPTY") return "";
    return std::nullopt;
  };
  EXPECT_EQ(Reference(Reference::From::environment, "SET").resolve(environment), "value");
  EXPECT_EQ(Reference(Reference::From::literal, "x").resolve(environment), "x");
  EXPECT_THROW(Reference(Reference::From::environment, "EMPTY").resolve(environment), Error);
  EXPECT_THROW(Reference(Reference::From::environment, "ABSENT").resolve(environment), Error);
  EXPECT_THROW(Reference(Reference::From::file, "/nowhere/secret").resolve(environment), Error);
}

TEST(Units, ReadAndWriteTheSame) {
  using std::chrono::milliseconds;
  EXPECT_EQ(parse_duration("90s"), milliseconds(90'000));
  EXPECT_EQ(format_duration(milliseconds(90'000)), "90s");
  EXPECT_EQ(format_duration(milliseconds(0)), "0ms");
  EXPECT_EQ(parse_duration("1.5s"), std::nullopt);
  EXPECT_EQ(parse_duration("-1s"), std::nullopt);
  EXPECT_EQ(parse_duration("99999999999999999d"), std::nullopt);
  EXPECT_EQ(parse_duration("s"), std::nullopt);
  EXPECT_EQ(parse_bytes("256MiB"), 256ull << 20);
  EXPECT_EQ(parse_bytes("20 GB"), 20'000'000'000ull);
  EXPECT_EQ(parse_bytes("20"), std::nullopt);
  EXPECT_EQ(format_bytes(256ull << 20), "256MiB");
  EXPECT_EQ(parse_percent("0%"), 0);
  EXPECT_EQ(parse_percent("100%"), 100);
  for (const char* text : {"101%", "-1%", "10", "10 %", "1.5%", "%", ""})
    EXPECT_EQ(parse_percent(text), std::nullopt);
}

}  // namespace
}  // namespace freshet::contract
