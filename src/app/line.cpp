#include "app/line.h"

#include <fmt/format.h>

#include <charconv>

#include "adapter/postgres/address.h"
#include "app/control.h"
#include "app/current.h"
#include "app/published_status.h"
#include "app/store_process.h"
#include "app/version.h"
#include "base/log.h"
#include "base/metrics.h"
#include "serve/status_server.h"
#include "watch/canary.h"

namespace freshet::app {
namespace {

struct Listen {
  std::string address;
  std::uint16_t port = 0;
};

Listen parse_listen(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  Listen listen{text.substr(0, colon), 0};
  std::from_chars(text.data() + colon + 1, text.data() + text.size(), listen.port);
  return listen;
}

bool is_loopback(const std::string& address) {
  return address.starts_with("127.") || address == "localhost" || address == "::1";
}

// On this machine alone a port that is taken is no reason not to start: the address is shown anyway.
// Elsewhere somebody expects us on just this one.
std::unique_ptr<serve::StatusServer> listen_on(const Listen& wanted, const serve::Sources& sources) try {
  return std::make_unique<serve::StatusServer>(wanted.address, wanted.port, sources);
} catch (const Error& taken) {
  if (!is_loopback(wanted.address)) throw;
  log::warn("status_port_taken", {{"port", wanted.port}, {"message", taken.message()}});
  return std::make_unique<serve::StatusServer>(wanted.address, 0, sources);
}

double seconds_since(WallTime then, WallTime now) {
  return std::chrono::duration<double>(now - then).count();
}

}  // namespace

class Line::Parts {
 public:
  Parts(LineOptions options, const DataDir& data, const Clock& clock, Supervisor::FailureListener on_failure);

  void start() { supervisor_.start(); }
  void stop() { supervisor_.stop(); }
  const LineStatus& refresh();

 private:
  bool embedded() const { return options_.load && options_.project.clickhouse.embedded(); }
  std::optional<clickhouse::Endpoint> clickhouse() const;
  std::vector<Stage> stages();
  ReadyLine readiness(const std::vector<StageStatus>& stages) const;

  const LineOptions options_;
  const DataDir& data_;
  const Clock& clock_;
  const SteadyTime started_;

  StoreProcess store_;
  watch::CanaryWatch canary_;
  PublishedStatus published_;
  ControlServer control_;
  Supervisor supervisor_;
  LineStatus status_;
  std::unique_ptr<serve::StatusServer> http_;  // ends first: its threads use what is above
};

Line::Parts::Parts(LineOptions options, const DataDir& data, const Clock& clock,
                   Supervisor::FailureListener on_failure)
    : options_(std::move(options)),
      data_(data),
      clock_(clock),
      started_(clock.steady()),
      store_({.program = options_.store_program,
              .data = data.store(),
              .port_file = data.store_port(),
              .log = data.log() / "store.log"},
             clock),
      canary_(
          {.table = "freshet.canary", .interval = options_.project.intervals.canary},
          [this] { return clickhouse(); }, clock),
      control_(data.socket(options_.load ? Role::load : Role::capture),
               {{"status", [this] { return published_.json(); }}}),
      supervisor_(stages(), clock, std::move(on_failure)),
      http_(listen_on(parse_listen(options_.project.http.listen),
                      {.status_json = [this] { return published_.json(); },
                       .metrics = [] { return metrics::exposition(); },
                       .not_ready_because = [this] { return published_.not_ready_because(); }})) {
  refresh();
}

std::vector<Stage> Line::Parts::stages() {
  std::vector<Stage> stages;
  if (embedded())
    stages.push_back({"store", [this](std::stop_token stop) { store_.run(stop); }, /*is_foundation=*/true});
  if (options_.load) stages.push_back({"watch", [this](std::stop_token stop) { canary_.run(stop); }});
  stages.push_back({"control", [this](std::stop_token stop) { control_.run(stop); }});
  return stages;
}

std::optional<clickhouse::Endpoint> Line::Parts::clickhouse() const {
  const contract::ClickHouseSettings& settings = options_.project.clickhouse;
  if (settings.embedded()) {
    const auto url = store_.url();
    return url ? std::optional(clickhouse::Endpoint(*url)) : std::nullopt;
  }
  const contract::Environment environment = contract::process_environment();
  const std::string password = settings.password ? settings.password->resolve(environment) : "";
  return clickhouse::Endpoint(settings.url->resolve(environment), {settings.user, password});
}

ReadyLine Line::Parts::readiness(const std::vector<StageStatus>& stages) const {
  for (const StageStatus& stage : stages)
    if (stage.state == StageState::failed) return {false, stage.name + " has failed: " + stage.error, {}};
  if (!options_.load) return {true, "", {}};
  const watch::Readiness canary = canary_.readiness();
  ReadyLine line{canary.ready, canary.reason, {}};
  if (canary.travel_time) line.canary_seconds = canary.travel_time->count();
  return line;
}

const LineStatus& Line::Parts::refresh() {
  const std::vector<StageStatus> stages = supervisor_.status();
  LineStatus now;
  now.project = options_.project.name;
  now.version = kVersion;
  now.uptime_seconds = std::chrono::duration<double>(clock_.steady() - started_).count();
  for (const StageStatus& stage : stages)
    now.stages.push_back({stage.name, std::string(to_string(stage.state)),
                          seconds_since(stage.since, clock_.wall()), stage.restarts, stage.error,
                          stage.hint});
  now.ready = readiness(stages);
  now.endpoints.postgres = postgres::without_password(options_.source);
  now.endpoints.http = http_->url();
  if (const auto endpoint = clickhouse()) now.endpoints.clickhouse = endpoint->url();
  status_ = std::move(now);
  published_.publish(status_);
  return status_;
}

Line::Line(LineOptions options, const DataDir& data, const Clock& clock,
           Supervisor::FailureListener on_failure)
    : parts_(std::make_unique<Parts>(std::move(options), data, clock, std::move(on_failure))) {}

Line::~Line() = default;

void Line::start() {
  parts_->start();
}
void Line::stop() {
  parts_->stop();
}
const LineStatus& Line::refresh() {
  return parts_->refresh();
}

}  // namespace freshet::app
