#include "load/replay_pass.h"

#include <fmt/format.h>

#include "adapter/clickhouse/quote.h"
#include "load/quarantined.h"
#include "load/row_binary.h"

namespace freshet::load {
namespace {

using clickhouse::quote_literal;

// A portion is full with so many bytes, too: of values and schemas.
constexpr std::uint64_t kPortionBytes = 16 << 20;

// All rows of a snapshot have its version, and each stands for itself; a key change is two of one version.
bool may_part(Version version) {
  return version.change() == Lsn();
}

}  // namespace

void ReplayPass::begin() {
  end();
  under_way_ = true;
}

void ReplayPass::end() {
  under_way_ = false;
  complete_ = false;
  reached_ = {};
  forget_portion();
}

std::string ReplayPass::above() const {
  const std::string version = to_sql(reached_.version);
  if (!may_part(reached_.version)) return "version > " + version;
  return fmt::format("version >= {0} AND (version > {0} OR key > {1})", version, quote_literal(reached_.key));
}

std::string ReplayPass::up_to(const Place& place) {
  const std::string version = to_sql(place.version);
  if (!may_part(place.version)) return "version <= " + version;
  return fmt::format("version <= {0} AND (version < {0} OR key <= {1})", version, quote_literal(place.key));
}

// Where about the next portion ends, by the table's order alone; what has left counts as well.
std::optional<ReplayPass::Place> ReplayPass::guess(Session& session) const {
  const std::string answer = session.select(
      fmt::format("SELECT version, key FROM freshet.quarantine WHERE table = {} AND {} ORDER BY version, key "
                  "LIMIT 1 OFFSET {} FORMAT RowBinary",
                  quote_literal(mirror_.name()), above(), rows_ - 1));
  if (answer.empty()) return std::nullopt;
  ByteReader from(answer);
  const Version version = read_version(from);
  return Place{version, std::string(read_text(from))};
}

// False: its first changes fill a portion, and `end` is where it ends.
bool ReplayPass::find_end(Session& session, const std::string& range, Place& end) const {
  const std::string answer = session.select(fmt::format(
      "SELECT version, key, length(old) + length(row) + length(schema) FROM {} ORDER BY version, key FORMAT "
      "RowBinary",
      waiting_in_quarantine(mirror_.name(), "version, key, old, row, schema", range)));
  std::uint64_t bytes = 0;
  for (ByteReader from(answer); !from.at_end();) {
    const Version version = read_version(from);
    const std::string_view key = read_text(from);
    const bool parts = version != end.version || may_part(version);
    if (bytes >= kPortionBytes && parts) return false;
    end = {version, std::string(key)};
    bytes += from.le<std::uint64_t>();
  }
  return true;
}

const std::vector<HeldChange>& ReplayPass::next(Session& session, HeldSchemas& schemas) {
  forget_portion();
  while (portion_.empty() && !complete_) {
    const std::optional<Place> about = guess(session);
    std::string range = above() + (about ? " AND " + up_to(*about) : "");
    Place end = reached_;
    if (find_end(session, range, end)) {
      complete_ = !about;
      if (about) end = *about;
    } else {
      range = above() + " AND " + up_to(end);
    }
    const std::string answer = session.select(fmt::format(
        "SELECT {0}, reason, of_stream FROM {1} ORDER BY version, op != {2}, key FORMAT RowBinary", kHeldRead,
        waiting_in_quarantine(mirror_.name(), fmt::format("{}, reason, of_stream", kHeldRead), range),
        static_cast<int>(Op::moved)));
    for (ByteReader from(answer); !from.at_end();) {
      portion_.push_back(read_held(from, schemas));
      Before& before = before_.emplace_back();
      before.reason = read_text(from);
      before.of_stream = from.le<std::uint8_t>() != 0;
    }
    reached_ = end;
  }
  return portion_;
}

}  // namespace freshet::load
