// SweepQuestion: a reading of a table didn't find much of its mirror at the source, and asks before it takes
// that away (freshet.sweeps). Load writes it; whoever asks reads it from ClickHouse, any thread with a client
// of its own.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "adapter/clickhouse/client.h"
#include "change/change.h"

namespace freshet::load {

// As they are stored; of two of one reading and round the greater one is later.
enum class SweepState : std::uint8_t { asked = 1, allowed = 2, refused = 3, superseded = 4, swept = 5 };
std::string_view to_string(SweepState state);

struct SweepQuestion {
  SweepState state = SweepState::asked;
  Version version;         // of the reading
  Micros read_at = 0;      // when it ended
  std::uint64_t rows = 0;  // of the mirror, that it didn't see
  std::uint64_t of = 0;    // of so many
  std::string note;        // of whoever refused it

  // The rows are there until somebody has said whether they go, and they have.
  bool open() const { return state == SweepState::asked || state == SweepState::allowed; }
};

struct SweepAnswer {
  Version version;  // of the question that was seen: it may have been superseded since
  bool allowed = false;
  std::string note;
};

// Of each mirror that a reading ever asked about, the last question. `of_mirror`: only its; empty: all.
std::string last_sweeps(const std::string& of_mirror = {});
// The answer to that statement, by mirror.
std::map<std::string, SweepQuestion> read_sweeps(const std::string& answer);
std::map<std::string, SweepQuestion> list_sweeps(clickhouse::Client& client);

}  // namespace freshet::load
