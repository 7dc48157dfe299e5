// A load in a process of its own: load_child URL JOURNAL LSN [replay [nan-is-null] | allow-sweeps]. Ends when
// its cut has reached LSN and it has replayed what is in quarantine, or carried out every sweep, or when it
// is killed at a crash point. FILL_BYTES_MAX: LoadOptions::fill_bytes_max;
// CATCH_UP_BYTES: LoadOptions::catch_up_bytes, and it ends only when no stream is late.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <thread>

#include "journal/embedded.h"
#include "load/load.h"
#include "load/tables.h"
#include "support/process.h"

namespace freshet {

void replay_all(load::Load& load) {
  for (const char* stream : {"app.items", "app.keeps"}) try {
      load.replay({stream}).get();
    } catch (const Error& error) {
      std::fprintf(stderr, "%s\n", error.what());  // nothing to replay
    }
}

bool none_late(const load::Load& load) {
  const load::LoadStatus status = load.status();
  return std::ranges::none_of(status.tables, &load::TableStatus::catches_up);
}

bool all_swept(const load::Load& load) {
  return std::ranges::all_of(load.status().tables,
                             [](const load::TableStatus& table) { return table.unswept == 0; });
}

void allow_sweeps(load::Load& load, const clickhouse::Endpoint& endpoint) {
  clickhouse::Client client(endpoint);
  for (const auto& [mirror, sweep] : load::list_sweeps(client)) try {
      load.answer_sweep("app." + mirror, {.version = sweep.version, .allowed = true, .note = {}}).get();
    } catch (const Error& error) {
      std::fprintf(stderr, "%s\n", error.what());  // it doesn't ask any more
    }
  test::eventually([&] { return all_swept(load); }, std::chrono::seconds(60));
}

}  // namespace freshet

int main(int count, char** arguments) {
  using namespace freshet;
  journal::EmbeddedOptions journal;
  journal.directory = arguments[2];
  const std::unique_ptr<journal::Reader> reader = journal::open_reader(journal);
  load::LoadOptions options;
  options.lead = {.holder = "child", .exclusive = true};
  options.encoding = clickhouse::Encoding::none;
  if (const char* bytes = std::getenv("FILL_BYTES_MAX")) options.fill_bytes_max = std::stoull(bytes);
  const char* catch_up = std::getenv("CATCH_UP_BYTES");
  if (catch_up != nullptr) options.catch_up_bytes = std::stoull(catch_up);
  options.replay_rows = 5;  // so that a replay takes several rounds, and may end between them
  const clickhouse::Endpoint endpoint(arguments[1]);
  load::Load load(options, count > 5 ? test::lenient_contracts() : test::all_contracts(), *reader, endpoint);
  const Lsn goal(std::stoull(arguments[3]));
  bool reached = false;
  std::jthread watch([&](std::stop_token) {});
  std::stop_source stop;
  watch = std::jthread([&] {
    reached = test::eventually([&] { return load.status().cut >= goal; }, std::chrono::seconds(60));
    if (reached && catch_up != nullptr) reached = test::eventually([&] { return none_late(load); });
    const std::string_view also = count > 4 ? arguments[4] : "";
    if (reached && also == "replay") replay_all(load);
    if (reached && also == "allow-sweeps") allow_sweeps(load, endpoint);
    stop.request_stop();
  });
  try {
    load.run(stop.get_token());
  } catch (const Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    std::_Exit(2);
  }
  watch.join();
  return reached ? 0 : 3;
}
