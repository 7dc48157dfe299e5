#include "app/load_stage.h"

#include <fmt/format.h>
#include <unistd.h>

#include "base/log.h"

namespace freshet::app {
namespace {

using namespace std::chrono_literals;

constexpr auto kLookEvery = 50ms;

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
  options.on_unresolved = options_.on_unresolved;
  load::Load load(std::move(options), options_.contracts, *journal, *endpoint, clock_);
  const Current<load::Load>::Scope scope(current_, load);
  load.run(stop);
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

void LoadStage::try_again(const std::string& stream) const {
  log::info("stopped_stream_tried_again", {{"stream", stream}});
  current_.ask([&](load::Load& load) { return load.resume(stream).valid(); });
}

}  // namespace freshet::app
