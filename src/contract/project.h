// Project: what pipeline.yaml says, with every default in one place. Read once, at start, by app; immutable
// afterwards. docs/contracts.md describes the file for its writer.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "contract/reference.h"

namespace freshet::contract {

using std::chrono::milliseconds;

struct SourceSettings {
  Reference url{Reference::From::environment, "FRESHET_SOURCE_URL"};
  std::optional<Reference> password;  // beside a URL that has none
  std::string publication = "freshet";
  std::string slot = "freshet";
  std::vector<std::string> schemas;  // of PostgreSQL; empty: those that the contracts name
  int connections = 5;               // the most that capture holds at once, the stream's included

  friend bool operator==(const SourceSettings&, const SourceSettings&) = default;
};

// Of them, whenever it runs: the stream, heartbeats, catalogue. The rest are the snapshot workers'.
inline constexpr int kCaptureConnections = 3;

struct JournalSettings {
  std::filesystem::path dir = "journal";             // relative: under DATA
  std::uint64_t size_limit = 20ull << 30;            // bytes; capture waits when it is reached
  milliseconds retention = std::chrono::hours(168);  // what every running stream has loaded is kept this long

  friend bool operator==(const JournalSettings&, const JournalSettings&) = default;
};

// The journal's topics on a cluster, instead of the folder.
struct KafkaSettings {
  std::optional<Reference> brokers;  // absent: the embedded journal
  std::optional<Reference> password;
  // As librdkafka names them: security.protocol, sasl.*, ssl.*. None of them a secret.
  std::map<std::string, std::string> properties;
  std::string prefix;                                // of the topics' names; empty: the project's name
  int partitions = 1;                                // of topics that Freshet makes; others keep theirs
  int replication = 0;                               // likewise; 0: as the brokers have it
  milliseconds retention = std::chrono::hours(168);  // likewise
  std::map<std::string, std::string> topics;         // that exist under other names, by stream

  bool embedded() const { return !brokers.has_value(); }

  friend bool operator==(const KafkaSettings&, const KafkaSettings&) = default;
};

struct ClickHouseSettings {
  std::optional<Reference> url;  // absent: the embedded engine under DATA
  std::string user = "default";
  std::optional<Reference> password;

  bool embedded() const { return !url.has_value(); }

  friend bool operator==(const ClickHouseSettings&, const ClickHouseSettings&) = default;
};

struct HttpSettings {
  // address:port; port 0: any free one. Absent: 127.0.0.1:8080, or any free one when that is taken.
  std::optional<std::string> listen;

  friend bool operator==(const HttpSettings&, const HttpSettings&) = default;
};

struct IntervalSettings {
  milliseconds tick{100};  // between two watermarks, and between two rounds
  milliseconds heartbeat = std::chrono::seconds(5);
  milliseconds canary = std::chrono::seconds(10);
  milliseconds periodic =
      std::chrono::hours(1);  // of streams whose contract says `periodic` without its own `every`

  friend bool operator==(const IntervalSettings&, const IntervalSettings&) = default;
};

struct LimitSettings {
  std::uint64_t capture_memory = 256ull
                                 << 20;       // bytes of uncommitted changes in memory; beyond: a spool file
  int snapshot_workers = 2;                   // each takes one of source.connections
  std::uint64_t snapshot_chunk = 8ull << 20;  // bytes that one short read transaction aims at
  std::int64_t snapshot_rows_per_second = 0;  // over all workers; 0: as fast as the source answers
  int sweep_ask_above = 10;  // percent of a mirror that a reading didn't see: more asks before it goes

  friend bool operator==(const LimitSettings&, const LimitSettings&) = default;
};

struct Project {
  std::filesystem::path dir;
  std::string name;
  SourceSettings source;
  JournalSettings journal;
  KafkaSettings kafka;
  ClickHouseSettings clickhouse;
  HttpSettings http;
  IntervalSettings intervals;
  LimitSettings limits;

  friend bool operator==(const Project&, const Project&) = default;
};

// Throws Error{config} with file and line on anything that isn't understood.
Project parse_project(const YamlDocument& document);
// DIR/pipeline.yaml.
Project load_project(const std::filesystem::path& dir);

}  // namespace freshet::contract
