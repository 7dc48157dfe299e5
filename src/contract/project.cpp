#include "contract/project.h"

#include <fmt/format.h>

#include "contract/form.h"

namespace freshet::contract {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

// Files are reviewed, copied and kept for ever.
void refuse_password(const MapReader& map, const Reference& url, int line) {
  if (url.from() != Reference::From::literal || !holds_password(url.name())) return;
  map.fail(line, "'url' holds a password",
           "leave it out of the URL and write password: ${NAME}, or put the whole URL in a variable: url: "
           "${NAME}");
}

// Settings are read in the order of the file's documentation; `Map` is absent when the section isn't written.
template <class Settings, class Read>
Settings section(MapReader& root, std::string_view key, Read read) {
  Settings settings;
  const YamlNode* node = root.find(key);
  if (node == nullptr) return settings;
  MapReader map(root.file(), *node, fmt::format("'{}'", key));
  read(map, settings);
  map.refuse_others();
  return settings;
}

void read_source(MapReader& map, SourceSettings& source) {
  if (auto url = read_address(map, "url")) source.url = *url;
  refuse_password(map, source.url, map.line());
  source.password = read_secret(map, "password");
  source.publication = map.optional_text("publication").value_or(source.publication);
  if (const YamlNode* slot = map.find("slot")) {
    source.slot = scalar_text(map.file(), *slot, "slot");
    if (!is_slot_name(source.slot)) {
      map.fail(slot->line, fmt::format("'slot' is '{}'", source.slot),
               "PostgreSQL allows lower-case letters, digits and '_' in a slot's name, 63 at most");
    }
  }
  source.schemas = map.texts("schemas");
  source.connections =
      static_cast<int>(map.integer("connections", source.connections, kCaptureConnections + 1, 64));
}

void read_journal(MapReader& map, JournalSettings& journal) {
  if (auto dir = map.optional_text("dir")) journal.dir = *dir;
  journal.size_limit = map.bytes("size_limit", journal.size_limit, 64ull << 20, 1ull << 50);
  journal.retention = map.duration("retention", journal.retention, seconds(0), hours(24 * 366));
}

// Whoever reviews the file would see them.
void refuse_secrets(const MapReader& map, const std::map<std::string, std::string>& properties, int line) {
  for (const auto& [name, value] : properties) {
    if (!is_secret_property(name)) continue;
    map.fail(line, fmt::format("'{}' is a secret and doesn't belong in a file under review", name),
             "write password: ${NAME} or password_file: /path under 'kafka' for sasl.password; a key file "
             "without a passphrase for ssl.key.location");
  }
}

void read_kafka(MapReader& map, KafkaSettings& kafka) {
  kafka.brokers = read_address(map, "brokers");
  kafka.password = read_secret(map, "password");
  kafka.properties = map.pairs("properties", "security.protocol: sasl_ssl");
  if (const YamlNode* properties = map.find("properties"))
    refuse_secrets(map, kafka.properties, properties->line);
  if (const YamlNode* prefix = map.find("prefix")) {
    kafka.prefix = scalar_text(map.file(), *prefix, "prefix");
    if (!is_topic_prefix(kafka.prefix))
      map.fail(prefix->line, fmt::format("'prefix' is '{}'", kafka.prefix),
               "write letters, digits, '.', '_' and '-', 120 at most: topics are named prefix.schema.table");
  }
  kafka.partitions = static_cast<int>(map.integer("partitions", kafka.partitions, 1, 1'000));
  kafka.replication = static_cast<int>(map.integer("replication", kafka.replication, 0, 100));
  kafka.retention = map.duration("retention", kafka.retention, hours(1), hours(24 * 3660));
  kafka.topics = map.pairs("topics", "app.orders: shop.public.orders");
}

void read_clickhouse(MapReader& map, ClickHouseSettings& clickhouse) {
  clickhouse.url = read_address(map, "url");
  if (clickhouse.url) refuse_password(map, *clickhouse.url, map.line());
  clickhouse.user = map.optional_text("user").value_or(clickhouse.user);
  clickhouse.password = read_secret(map, "password");
}

void read_http(MapReader& map, HttpSettings& http) {
  const YamlNode* listen = map.find("listen");
  if (listen == nullptr) return;
  http.listen = scalar_text(map.file(), *listen, "listen");
  if (is_listen_address(*http.listen)) return;
  map.fail(listen->line, fmt::format("'listen' is '{}'", *http.listen),
           "write address:port, for instance 127.0.0.1:8080");
}

void read_intervals(MapReader& map, IntervalSettings& intervals) {
  intervals.tick = map.duration("tick", intervals.tick, milliseconds(10), seconds(60));
  intervals.heartbeat = map.duration("heartbeat", intervals.heartbeat, milliseconds(100), seconds(600));
  intervals.canary = map.duration("canary", intervals.canary, milliseconds(100), hours(1));
  intervals.periodic = map.duration("periodic", intervals.periodic, seconds(1), hours(24 * 7));
}

void read_limits(MapReader& map, LimitSettings& limits) {
  limits.capture_memory = map.bytes("capture_memory", limits.capture_memory, 1ull << 20, 1ull << 40);
  limits.snapshot_workers = static_cast<int>(map.integer("snapshot_workers", limits.snapshot_workers, 1, 32));
  limits.snapshot_chunk = map.bytes("snapshot_chunk", limits.snapshot_chunk, 64ull << 10, 1ull << 30);
  limits.snapshot_rows_per_second =
      map.integer("snapshot_rows_per_second", limits.snapshot_rows_per_second, 0, 1'000'000'000);
  limits.sweep_ask_above = map.percent("sweep_ask_above", limits.sweep_ask_above);
}

}  // namespace

Project parse_project(const YamlDocument& document) {
  MapReader root(document.file, document.root, "pipeline.yaml");
  Project project;
  project.name = root.text("name", "name: the project, in lower-case letters, digits and '-'");
  if (!is_project_name(project.name)) {
    root.fail(document.root.find("name")->line, fmt::format("'name' is '{}'", project.name),
              "write lower-case letters, digits and '-', 63 at most: it becomes the prefix of topics and "
              "resources");
  }
  project.source = section<SourceSettings>(root, "source", read_source);
  project.journal = section<JournalSettings>(root, "journal", read_journal);
  project.kafka = section<KafkaSettings>(root, "kafka", read_kafka);
  project.clickhouse = section<ClickHouseSettings>(root, "clickhouse", read_clickhouse);
  project.http = section<HttpSettings>(root, "http", read_http);
  project.intervals = section<IntervalSettings>(root, "intervals", read_intervals);
  project.limits = section<LimitSettings>(root, "limits", read_limits);
  root.refuse_others();
  if (kCaptureConnections + project.limits.snapshot_workers > project.source.connections) {
    root.fail(document.root.line,
              fmt::format("{} snapshot workers and the {} connections that capture holds anyway don't fit in "
                          "source.connections: {}",
                          project.limits.snapshot_workers, kCaptureConnections, project.source.connections),
              "raise source.connections or lower limits.snapshot_workers");
  }
  return project;
}

Project load_project(const std::filesystem::path& dir) {
  Project project = parse_project(read_yaml_file((dir / "pipeline.yaml").string()));
  project.dir = dir;
  return project;
}

}  // namespace freshet::contract
