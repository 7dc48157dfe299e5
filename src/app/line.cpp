#include "app/line.h"

#include <fmt/format.h>

#include "adapter/postgres/address.h"
#include "app/addresses.h"
#include "app/canary_contract.h"
#include "app/capture_stage.h"
#include "app/contracts_in_force.h"
#include "app/control.h"
#include "app/describe.h"
#include "app/key_requests.h"
#include "app/listen.h"
#include "app/load_stage.h"
#include "app/published_status.h"
#include "app/quarantine_requests.h"
#include "app/repair_requests.h"
#include "app/store_process.h"
#include "app/sweep_requests.h"
#include "app/table_names.h"
#include "app/unresolved_keys.h"
#include "app/version.h"
#include "base/guarded.h"
#include "base/log.h"
#include "base/metrics.h"
#include "capture/capture_metrics.h"
#include "journal/backlog.h"
#include "journal/embedded/events.h"
#include "journal/open.h"
#include "load/events.h"
#include "load/names.h"
#include "watch/canary.h"

namespace freshet::app {
namespace {

// Whoever asks for the status after a command sees what it has done.
constexpr std::chrono::seconds kSoonShown{5};

journal::JournalOptions journal_options(const LineOptions& line, const DataDir& data) {
  if (line.kafka) return *line.kafka;
  const contract::JournalSettings& settings = line.project.journal;
  journal::EmbeddedOptions options;
  options.directory = data.journal(settings.dir);
  options.limit = settings.size_limit;
  options.retention_age = std::chrono::duration_cast<std::chrono::seconds>(settings.retention);
  return options;
}

JournalLine describe_journal(const journal::JournalOptions& journal) {
  if (const auto* kafka = std::get_if<journal::KafkaOptions>(&journal))
    return {.kafka = kafka->cluster.brokers, .bytes = 0, .limit = 0};
  const auto& embedded = std::get<journal::EmbeddedOptions>(journal);
  return {.kafka = {}, .bytes = bytes_below(embedded.directory), .limit = embedded.limit};
}

// Whether nothing but more streams tells them apart, and the schemas these are in.
bool only_streams_added(const LineOptions& before, const LineOptions& after) {
  contract::Project project = before.project;
  project.source.schemas = after.project.source.schemas;
  return project == after.project && before.source == after.source && before.variables == after.variables &&
         only_adds(before.contracts, after.contracts);
}

void register_counters(const LineOptions& options) {
  std::vector<std::string> streams, mirrors;
  for (const contract::StreamContract& contract : with_canary(options.contracts)) {
    streams.push_back(contract::to_string(contract.source));
    mirrors.push_back(contract.mirror);
  }
  if (options.capture) capture::register_counters(streams);
  if (options.capture && !options.kafka) journal::register_counters(streams);
  if (options.load) load::register_counters(mirrors);
}

}  // namespace

// A variable says it for this process alone, whatever the project has.
void take_over(const contract::Environment& environment, const std::string& variable,
               std::optional<contract::Reference>& address) {
  if (const auto value = environment(variable); value && !value->empty())
    address = contract::Reference(contract::Reference::From::environment, variable);
}

std::vector<contract::StreamContract> load_contracts(const std::filesystem::path& project) {
  std::vector<contract::StreamContract> contracts = contract::load_contracts(project);
  load::check_names(with_canary(contracts));
  return contracts;
}

LineOptions line_options(const std::filesystem::path& project, const contract::Environment& environment) {
  LineOptions options;
  options.project = contract::load_project(project);
  options.contracts = load_contracts(project);
  const contract::Environment noted = noting(environment, options.variables);
  take_over(noted, kKafkaVariable, options.project.kafka.brokers);
  take_over(noted, kClickHouseVariable, options.project.clickhouse.url);
  options.source = source_address(options.project.source, noted);
  options.kafka = kafka_journal(options.project, noted);
  options.clickhouse = clickhouse_address(options.project.clickhouse, noted);
  // Beside us, wherever that is installed.
  options.store_program = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "freshet-store";
  return options;
}

class Line::Parts {
 public:
  Parts(LineOptions options, const DataDir& data, Clock& clock, Supervisor::FailureListener on_failure);

  // What is told of its streams doesn't stay: the next line may lack them.
  ~Parts();

  void start() { supervisor_.start(); }
  void stop() { supervisor_.stop(); }
  const LineStatus& refresh();
  std::optional<LineOptions> take_reload() {
    const MutexLock lock(mutex_);
    return std::exchange(next_, std::nullopt);
  }
  LineOptions options() const;

 private:
  bool embedded() const { return options_.load && !options_.clickhouse; }
  std::optional<clickhouse::Endpoint> clickhouse() const;
  std::vector<Stage> stages();
  ControlHandlers handlers();
  std::map<std::string, std::uint64_t> bytes_ahead(const journal::Ends& positions);
  void read_again(const load::UnresolvedKeys& keys);
  std::string read_keys(const std::string& request);
  std::string read_periodic();
  std::string snapshot(const std::string& tables);
  std::string read_anew(const std::string& streams);
  std::string note_repair(const std::string& note);
  std::string reload();
  void take_in(const LineOptions& next);
  void require_free_to_move(const std::optional<std::string>& listen) const;
  void require_capture() const;
  ReadyLine readiness(const std::vector<StageStatus>& stages) const;

  const LineOptions options_;
  ContractsInForce contracts_;
  Clock& clock_;
  const SteadyTime started_;
  const journal::JournalOptions journal_;

  StoreProcess store_;
  CaptureStage capture_;
  KeyRequests key_requests_;
  LoadStage load_;
  watch::CanaryWatch canary_;
  PublishedStatus published_;
  QuarantineRequests quarantine_;
  SweepRequests sweeps_;
  ControlServer control_;
  Supervisor supervisor_;
  CaptureDescriber capture_describer_;
  metrics::Gauge ready_ = metrics::gauge("freshet_ready", "1 while /readyz says so.");
  std::unique_ptr<journal::Backlog> backlog_;
  bool stopped_tried_again_ = false;
  std::optional<load::LoadStatus> last_load_;  // stays to be seen while load is being started again
  LineStatus status_;
  Mutex mutex_;
  std::optional<LineOptions> next_ GUARDED_BY(mutex_);
  std::unique_ptr<serve::StatusServer> http_;  // ends first: its threads use what is above
};

Line::Parts::Parts(LineOptions options, const DataDir& data, Clock& clock,
                   Supervisor::FailureListener on_failure)
    : options_(std::move(options)),
      contracts_(options_.contracts),
      clock_(clock),
      started_(clock.steady()),
      journal_(journal_options(options_, data)),
      store_({.program = options_.store_program,
              .data = data.store(),
              .port_file = data.store_port(),
              .log = data.log() / "store.log"},
             clock),
      capture_({.project = options_.project,
                .source = options_.source,
                .journal = journal_,
                .spool = data.spool(),
                .give_up_position = options_.give_up_position},
               contracts_),
      key_requests_(options_.capture ? &capture_ : nullptr, data.socket(Role::capture), options_.kafka),
      load_({.journal = journal_,
             .tick = options_.project.intervals.tick,
             .sweep = {.ask_above = options_.project.limits.sweep_ask_above},
             .exclusive = !options_.clickhouse,
             .locate = [this] { return clickhouse(); },
             .on_unresolved = [this](const load::UnresolvedKeys& keys) { read_again(keys); }},
            contracts_, clock),
      canary_(
          {.table = canary_mirror(), .interval = options_.project.intervals.canary},
          [this] { return clickhouse(); }, clock),
      quarantine_(contracts_, load_, [this] { return clickhouse(); }),
      sweeps_(contracts_, load_, [this] { return clickhouse(); }),
      control_(data.socket(options_.load ? Role::load : Role::capture), handlers()),
      supervisor_(stages(), clock, std::move(on_failure)),
      backlog_(journal::open_backlog(journal_)),
      http_(listen_on(options_.project.http.listen,
                      {.status_json = [this] { return published_.json(); },
                       .metrics = [] { return metrics::exposition(); },
                       .not_ready_because = [this] { return published_.not_ready_because(); }})) {
  register_counters(options_);
  refresh();
}

Line::Parts::~Parts() {
  const auto contracts = contracts_.now();
  for (const StreamLine& stream : describe_contracts(*contracts)) set_lag(stream);
  for (const contract::StreamContract& contract : with_canary(*contracts))
    if (options_.load) load::tell(load::TableProgress{.mirror = contract.mirror});
}

ControlHandlers Line::Parts::handlers() {
  ControlHandlers handlers{{"status", [this](const std::string&) { return published_.json(); }},
                           {"variables", [this](const std::string&) { return to_json(options_.variables); }},
                           {"read_periodic", [this](const std::string&) { return read_periodic(); }},
                           {"snapshot", [this](const std::string& tables) { return snapshot(tables); }},
                           {"read_anew", [this](const std::string& streams) { return read_anew(streams); }},
                           {"reload", [this](const std::string&) { return reload(); }},
                           {"read_keys", [this](const std::string& request) { return read_keys(request); }}};
  if (options_.load) handlers["repair_note"] = [this](const std::string& note) { return note_repair(note); };
  if (options_.load) quarantine_.add_to(handlers);
  if (options_.load) sweeps_.add_to(handlers);
  return handlers;
}

void Line::Parts::read_again(const load::UnresolvedKeys& keys) {
  for (const capture::KeyRequest& request : key_requests(keys)) key_requests_.send(request);
}

std::string Line::Parts::read_keys(const std::string& request) {
  if (!options_.kafka) require_capture();
  key_requests_.send(key_request(request));
  return "null";
}

void Line::Parts::require_capture() const {
  if (!options_.capture)
    throw Error(ErrorKind::unsupported, "capture doesn't run in this process",
                "ask the process that runs it");
}

std::string Line::Parts::read_periodic() {
  require_capture();
  capture_.read_periodic();
  return "null";
}

std::string Line::Parts::snapshot(const std::string& tables) {
  require_capture();
  const std::vector<std::string> streams = resolve_streams(*contracts_.now(), names_from_json(tables));
  capture_.read_again(streams);
  published_.wait_for_the_next(kSoonShown);
  return to_json(streams);
}

std::string Line::Parts::read_anew(const std::string& streams) {
  load_.read_anew(names_from_json(streams));
  published_.wait_for_the_next(kSoonShown);
  return "null";
}

std::string Line::Parts::note_repair(const std::string& note) {
  load_.note_repair(repair_note(note));
  return "null";
}

// Where it is another port than we hold. (Ours is free as soon as we are gone.)
void Line::Parts::require_free_to_move(const std::optional<std::string>& listen) const {
  if (listen && !http_->url().ends_with(listen->substr(listen->rfind(':')))) require_free(*listen);
}

// Whoever changed the files is told here what is wrong with them, and the line goes on as it is.
std::string Line::Parts::reload() {
  LineOptions next = line_options(options_.project.dir, contract::process_environment());
  next.capture = options_.capture;
  next.load = options_.load;
  if (only_streams_added(options(), next)) {
    take_in(next);
    return "null";
  }
  if (next.project.http.listen != options_.project.http.listen)
    require_free_to_move(next.project.http.listen);
  const MutexLock lock(mutex_);
  next_ = std::move(next);
  return "null";
}

// Into what runs: no other stream pauses.
void Line::Parts::take_in(const LineOptions& next) {
  register_counters(next);
  contracts_.become(next.contracts);
  if (options_.capture) capture_.take_in();
  if (options_.load) load_.take_in();
  published_.wait_for_the_next(kSoonShown);
}

LineOptions Line::Parts::options() const {
  LineOptions now = options_;
  now.contracts = *contracts_.now();
  return now;
}

std::vector<Stage> Line::Parts::stages() {
  std::vector<Stage> stages;
  if (embedded())
    stages.push_back({"store", [this](std::stop_token stop) { store_.run(stop); }, /*is_foundation=*/true});
  if (options_.capture) stages.push_back({"capture", [this](std::stop_token stop) { capture_.run(stop); }});
  if (options_.kafka && !options_.load)
    stages.push_back({"requests", [this](std::stop_token stop) { key_requests_.listen(stop); }});
  if (options_.load) stages.push_back({"load", [this](std::stop_token stop) { load_.run(stop); }});
  if (options_.load) stages.push_back({"watch", [this](std::stop_token stop) { canary_.run(stop); }});
  stages.push_back({"control", [this](std::stop_token stop) { control_.run(stop); }});
  return stages;
}

std::optional<clickhouse::Endpoint> Line::Parts::clickhouse() const {
  if (options_.clickhouse) return options_.clickhouse;
  const auto url = store_.url();
  return url ? std::optional(clickhouse::Endpoint(*url)) : std::nullopt;
}

// A journal that is damaged, or was replaced, is load's and capture's to report.
std::map<std::string, std::uint64_t> Line::Parts::bytes_ahead(const journal::Ends& positions) try {
  return backlog_->ahead_of(positions);
} catch (const Error& error) {
  log::debug("backlog_unknown", {{"message", error.message()}});
  backlog_ = journal::open_backlog(journal_);
  return {};
}

ReadyLine Line::Parts::readiness(const std::vector<StageStatus>& stages) const {
  for (const StageStatus& stage : stages)
    if (stage.state == StageState::failed) return {false, stage.name + " has failed", {}};
  const auto capture = capture_.status();
  if (!options_.load) return capture_readiness(capture);
  // The canary needs no publication.
  if (capture && capture->publication_problem) return {false, capture->publication_problem->error, {}};
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
  now.stages = describe_stages(stages, clock_.wall());
  now.streams = describe_contracts(*contracts_.now());
  if (auto load = load_.status()) last_load_ = std::move(load);
  // Whoever starts Freshet again has mended what stopped a stream; where nothing was, all is as before.
  if (last_load_ && last_load_->term != 0 && !stopped_tried_again_) stopped_tried_again_ = load_.try_again();
  if (last_load_) {
    add_load(now, *last_load_, clock_.wall());
    if (last_load_->term != 0) add_lag(now, bytes_ahead(last_load_->positions));  // else: it doesn't know yet
  }
  if (const auto capture = capture_.status()) capture_describer_.add(now, *capture, clock_.steady());
  if (!options_.capture) now.source.receives = hears_heartbeats(now, options_.project.intervals.heartbeat);
  add_silence(now);
  for (const StreamLine& stream : now.streams) set_lag(stream);
  now.journal = describe_journal(journal_);
  now.ready = readiness(stages);
  ready_.set(now.ready.ready ? 1 : 0);
  now.endpoints.postgres = postgres::without_password(options_.source);
  now.endpoints.http = http_->url();
  if (const auto endpoint = clickhouse()) now.endpoints.clickhouse = endpoint->url();
  status_ = std::move(now);
  published_.publish(status_);
  return status_;
}

Line::Line(LineOptions options, const DataDir& data, Clock& clock, Supervisor::FailureListener on_failure)
    : parts_(std::make_unique<Parts>(std::move(options), data, clock, std::move(on_failure))) {}

Line::~Line() = default;

void Line::start() {
  parts_->start();
}
std::optional<LineOptions> Line::take_reload() {
  return parts_->take_reload();
}
LineOptions Line::options() const {
  return parts_->options();
}
void Line::stop() {
  parts_->stop();
}
const LineStatus& Line::refresh() {
  return parts_->refresh();
}

}  // namespace freshet::app
