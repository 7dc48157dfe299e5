// What capture writes into the source's WAL for itself, with pg_logical_emit_message() and the prefix
// `freshet`: heartbeats, which move the confirmed position of an idle database and prove at the next start
// that this is the source we left; the canary, which travels the whole line; and marks.
//
//   beat <slot generation> <nonce>
//   canary <slot generation> <id> <microseconds since 1970, by the source's clock>
//   mark   (somebody waits until the line has come to here)
//
// Several projects may share a database: each knows its own by the slot generation.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "change/lsn.h"
#include "change/schema.h"

namespace freshet::capture {

inline constexpr std::string_view kSignalPrefix = "freshet";

struct Beat {
  std::string slot_generation;
  std::string nonce;

  friend bool operator==(const Beat&, const Beat&) = default;
};

struct Canary {
  std::string slot_generation;
  std::int64_t id = 0;
  Micros emitted_at = 0;

  friend bool operator==(const Canary&, const Canary&) = default;
};

struct Mark {};

// monostate: none of them; somebody else's.
using Signal = std::variant<std::monostate, Beat, Canary, Mark>;
Signal parse_signal(std::string_view content);

std::string to_text(const Beat& beat);
// SQL that emits them, each in a transaction of its own.
std::string emit_beat_sql(const Beat& beat);
std::string emit_canary_sql(std::string_view slot_generation, std::int64_t id);

// The canary's pseudo-stream, freshet.canary, and its row.
const TableSchema& canary_schema();
std::string canary_row(const Canary& canary);

}  // namespace freshet::capture
