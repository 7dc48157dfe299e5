#include "load/stream_states.h"

#include <fmt/format.h>

#include "adapter/clickhouse/quote.h"

namespace freshet::load {

std::map<std::string, Standing> StreamStates::read() {
  std::map<std::string, Standing> standing;
  for (const auto& row : session_.rows(
           "SELECT stream, state, reason, hint FROM freshet.streams FINAL WHERE state != 'running'")) {
    StreamState state = StreamState::stopped;
    for (const StreamState other : {StreamState::gap, StreamState::paused})
      if (row[1] == to_string(other)) state = other;
    standing[row[0].value()] = {state, row[2].value_or(""), row[3].value_or("")};
  }
  return standing;
}

void StreamStates::write_standing(const std::string& stream, const Standing& standing) {
  using clickhouse::quote_literal;
  // Numbered after the last one by the table itself: a clock may step.
  session_.execute(
      fmt::format("INSERT INTO freshet.streams (stream, state, reason, hint, change) "
                  "SELECT {}, {}, {}, {}, max(change) + 1 FROM freshet.streams WHERE stream = {}",
                  quote_literal(stream), quote_literal(to_string(standing.state)),
                  quote_literal(standing.reason), quote_literal(standing.hint), quote_literal(stream)));
}

}  // namespace freshet::load
