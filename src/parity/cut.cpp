#include "parity/cut.h"

#include <fmt/format.h>

#include <charconv>

#include "base/clock.h"

namespace freshet::parity {
namespace {

// A stream that stands still has a cut of its own below that of the others.
constexpr std::string_view kNewestCut = R"(
SELECT if(has(behind.stream, {stream:String}), behind.commit_lsn[indexOf(behind.stream, {stream:String})], commit_lsn)
FROM freshet.cuts ORDER BY round DESC LIMIT 1)";

Lsn newest_cut(clickhouse::Client& mirror, const std::string& stream) {
  const clickhouse::Rows rows =
      mirror.rows(kNewestCut, {.params = {clickhouse::text_param("stream", stream)}});
  if (rows.empty()) return Lsn();
  const std::string& text = rows.at(0).at(0).value();
  std::uint64_t lsn = 0;
  std::from_chars(text.data(), text.data() + text.size(), lsn);
  return Lsn(lsn);
}

}  // namespace

Lsn wait_for_cut(clickhouse::Client& mirror, Following& following, const std::string& stream, Lsn lsn,
                 std::chrono::milliseconds deadline, std::stop_token stop) {
  constexpr std::chrono::milliseconds kBetweenLooks{100};
  const Clock& clock = system_clock();
  const Deadline until(clock, deadline);
  for (;;) {
    const Lsn cut = newest_cut(mirror, stream);
    if (cut >= lsn) return cut;
    following.require_running();
    if (until.passed()) {
      throw Error(ErrorKind::transient,
                  fmt::format("the mirror of {} stands at {} and the source at {}", stream, to_string(cut),
                              to_string(lsn)),
                  "see `freshet status` for what holds the line up");
    }
    if (!clock.sleep(kBetweenLooks, stop))
      throw Error(ErrorKind::cancelled, "stopped while waiting for a cut");
  }
}

}  // namespace freshet::parity
