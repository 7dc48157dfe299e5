#include "load/floor.h"

#include <fmt/format.h>

#include <algorithm>

#include "adapter/clickhouse/quote.h"
#include "base/bytes.h"
#include "load/row_binary.h"

namespace freshet::load {

using clickhouse::quote_literal;

void Floor::load(Session& session, std::uint64_t cut) {
  const std::string table = quote_literal(mirror_.name());
  session.remove("freshet.floors", fmt::format("table = {} AND round > {}", table, cut));
  const std::string answer = session.select(
      fmt::format("SELECT max(version) FROM freshet.floors WHERE table = {} FORMAT RowBinary", table));
  ByteReader from(answer);
  at_ = read_version(from);
  published_ = true;
}

void Floor::raise(Version version) {
  at_ = std::max(at_, version);
  published_ = false;
}

bool Floor::publish(Session& session, std::uint64_t round) {
  if (published_) return false;
  session.execute(fmt::format("INSERT INTO freshet.floors (table, version, round) SELECT {}, {}, {}",
                              quote_literal(mirror_.name()), to_sql(at_), round));
  return published_ = true;
}

}  // namespace freshet::load
