#include "watch/canary.h"

#include <fmt/format.h>

#include <cstdlib>

#include "base/log.h"
#include "base/metrics.h"

namespace freshet::watch {
namespace {

using namespace std::chrono_literals;

constexpr auto kCallDeadline = 10s;

struct CanaryMetrics {
  metrics::Histogram travel = metrics::histogram("freshet_canary_travel_seconds",
                                                 "From a canary's commit at the source to its mirror.");
};

CanaryMetrics& canary_metrics() {
  static CanaryMetrics metrics;
  return metrics;
}

CanaryRecord::Arrival newest_in(const clickhouse::Rows& rows) {
  if (rows.empty()) return {};
  const double micros = std::strtod(rows[0][1].value_or("0").c_str(), nullptr);
  return {rows[0][0].value_or(""), std::chrono::duration<double>(micros / 1e6)};
}

}  // namespace

bool CanaryRecord::saw(const Arrival& newest, SteadyTime now) {
  problem_.clear();
  const bool is_new = newest_ && newest_->version != newest.version;
  if (is_new) arrived_at_ = now;
  newest_ = newest;
  return is_new;
}

Readiness CanaryRecord::judge(const CanaryOptions& options, SteadyTime now) const {
  const std::string why = problem_.empty() ? std::string() : ": " + problem_;
  if (!arrived_at_) return {false, "no canary has arrived since the start" + why, std::nullopt};
  const auto age = std::chrono::duration_cast<std::chrono::seconds>(now - *arrived_at_);
  if (age > options.window())
    return {false, fmt::format("the last canary arrived {} s ago{}", age.count(), why), newest_->travel_time};
  return {true, "", newest_->travel_time};
}

CanaryWatch::CanaryWatch(CanaryOptions options, Locate locate, const Clock& clock)
    : options_(std::move(options)), locate_(std::move(locate)), clock_(clock) {}

void CanaryWatch::run(std::stop_token stop) {
  std::optional<clickhouse::Client> client;
  bool was_ready = false;
  do {
    look(client, stop);
    const Readiness now = readiness();
    if (now.ready != was_ready) log::info("readiness", {{"ready", now.ready}, {"reason", now.reason}});
    was_ready = now.ready;
  } while (clock_.sleep(options_.look_every, stop));
}

void CanaryWatch::look(std::optional<clickhouse::Client>& client, std::stop_token stop) try {
  if (!client) {
    const auto endpoint = locate_();
    if (!endpoint) return note_problem("ClickHouse isn't up yet");
    client.emplace(*endpoint);
  }
  const std::string sql = fmt::format(
      "SELECT toString(_version), toUnixTimestamp64Micro(_loaded_at) - toUnixTimestamp64Micro(_committed_at) "
      "FROM {} ORDER BY _version DESC LIMIT 1",
      options_.table);
  const CanaryRecord::Arrival newest = newest_in(client->rows(sql, {.timeout = kCallDeadline, .stop = stop}));
  const MutexLock lock(mutex_);
  if (record_.saw(newest, clock_.steady())) canary_metrics().travel.observe(newest.travel_time.count());
} catch (const Error& error) {  // that it can't be seen is the finding
  const MutexLock lock(mutex_);
  // Load makes the mirror when it starts: until then it is as empty as can be.
  const bool missing = error.kind() == ErrorKind::schema;
  if (missing) record_.saw({}, clock_.steady());
  record_.failed(missing ? "its mirror isn't made yet" : error.message());
}

void CanaryWatch::note_problem(std::string problem) {
  const MutexLock lock(mutex_);
  record_.failed(std::move(problem));
}

Readiness CanaryWatch::readiness() const {
  const MutexLock lock(mutex_);
  return record_.judge(options_, clock_.steady());
}

}  // namespace freshet::watch
