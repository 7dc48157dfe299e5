#include "app/load_stage.h"

#include <fmt/format.h>
#include <unistd.h>

#include <future>

#include "app/canary_contract.h"
#include "base/log.h"

namespace freshet::app {
namespace {

using namespace std::chrono_literals;

constexpr auto kLookEvery = 50ms;
// It is noted between two rounds.
constexpr auto kNoteDeadline = 10s;

std::string who_we_are() {
  char host[256] = "";
  gethostname(host, sizeof host - 1);
  return fmt::format("{} pid {}", host, getpid());
}

}  // namespace

void LoadStage::run(std::stop_token stop) {
  const auto endpoint = wait_for_clickhouse(stop);
  if (!endpoint) return;
  const auto journal = journal::open_reader(options_.journal);
  load::LoadOptions options;
  options.lead.holder = who_we_are();
  options.lead.exclusive = options_.exclusive;
  options.pace.gap = options_.tick;
  options.sweep = options_.sweep;
  options.on_unresolved = options_.on_unresolved;
  load::Load load(std::move(options), with_canary(*contracts_.now()), *journal, *endpoint, clock_);
  const Current<load::Load>::Scope scope(current_, load);
  take_in();  // what came just before it could be asked
  load.run(stop);
}

void LoadStage::take_in() const {
  current_.ask([&](load::Load& load) { return load.add(with_canary(*contracts_.now())).valid(); });
}

std::optional<clickhouse::Endpoint> LoadStage::wait_for_clickhouse(std::stop_token stop) const {
  do {
    if (auto endpoint = options_.locate()) return endpoint;
  } while (clock_.sleep(kLookEvery, stop));
  return std::nullopt;
}

std::optional<load::LoadStatus> LoadStage::status() const {
  return current_.ask([](const load::Load& load) { return load.status(); });
}

bool LoadStage::try_again() const try {
  return current_.ask([](load::Load& load) { return load.try_again().valid(); }).value_or(false);
} catch (const Error& error) {
  if (error.kind() != ErrorKind::capacity) throw;
  return false;
}

template <class Ask>
auto LoadStage::wait_for(const Ask& ask) const {
  auto answer = current_.ask(ask);
  if (!answer)
    throw Error(ErrorKind::transient, "load isn't running", "freshet status says why; then ask again");
  if (answer->wait_for(kNoteDeadline) != std::future_status::ready)
    throw Error(ErrorKind::in_doubt, "load was busy with a round, and does it afterwards",
                "freshet status shows when it is done");
  return answer->get();
}

void LoadStage::read_anew(const std::vector<std::string>& streams) const {
  wait_for([&](load::Load& load) { return load.read_anew(streams); });
}

std::vector<load::Replayed> LoadStage::replay(const std::vector<std::string>& streams) const {
  return wait_for([&](load::Load& load) { return load.replay(streams); });
}

std::uint64_t LoadStage::drop(const std::string& stream, const load::Quarantine::Drop& drop) const {
  return wait_for([&](load::Load& load) { return load.drop(stream, drop); });
}

load::SweepQuestion LoadStage::answer_sweep(const std::string& stream, const load::SweepAnswer& sweep) const {
  return wait_for([&](load::Load& load) { return load.answer_sweep(stream, sweep); });
}

void LoadStage::note_repair(const load::RepairNote& note) const {
  wait_for([&](load::Load& load) { return load.note_repair(note); });
}

void LoadStage::pause(const std::string& stream) const {
  wait_for([&](load::Load& load) { return load.pause(stream); });
}

void LoadStage::resume(const std::string& stream) const {
  wait_for([&](load::Load& load) { return load.resume(stream); });
}

}  // namespace freshet::app
