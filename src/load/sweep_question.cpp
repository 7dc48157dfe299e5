#include "load/sweep_question.h"

#include <fmt/format.h>

#include "adapter/clickhouse/quote.h"
#include "load/row_binary.h"

namespace freshet::load {

std::string_view to_string(SweepState state) {
  switch (state) {
    case SweepState::asked: return "asked";
    case SweepState::allowed: return "allowed";
    case SweepState::refused: return "refused";
    case SweepState::superseded: return "superseded";
    case SweepState::swept: return "swept";
  }
  return "unknown";
}

std::string last_sweeps(const std::string& of_mirror) {
  const std::string which =
      of_mirror.empty() ? "" : "WHERE table = " + clickhouse::quote_literal(of_mirror) + " ";
  return fmt::format(
      "SELECT table, toUInt8(state), version, read_at, rows, of, note FROM freshet.sweeps {}"
      "ORDER BY table, version DESC, round DESC, state DESC LIMIT 1 BY table FORMAT RowBinary",
      which);
}

std::map<std::string, SweepQuestion> read_sweeps(const std::string& answer) {
  std::map<std::string, SweepQuestion> sweeps;
  for (ByteReader from(answer); !from.at_end();) {
    SweepQuestion& sweep = sweeps[std::string(read_text(from))];
    sweep.state = static_cast<SweepState>(from.le<std::uint8_t>());
    sweep.version = read_version(from);
    sweep.read_at = from.le<Micros>();
    sweep.rows = from.le<std::uint64_t>();
    sweep.of = from.le<std::uint64_t>();
    sweep.note = read_text(from);
  }
  return sweeps;
}

std::map<std::string, SweepQuestion> list_sweeps(clickhouse::Client& client) {
  return read_sweeps(client.select(last_sweeps()));
}

}  // namespace freshet::load
