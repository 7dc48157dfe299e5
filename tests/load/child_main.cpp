// A load in a process of its own: load_child URL JOURNAL LSN. Ends when its cut has reached LSN, or when it
// is killed at a crash point.
#include <cstdio>
#include <thread>

#include "journal/embedded.h"
#include "load/load.h"
#include "load/tables.h"
#include "support/process.h"

int main(int, char** arguments) {
  using namespace freshet;
  journal::EmbeddedOptions journal;
  journal.directory = arguments[2];
  const std::unique_ptr<journal::Reader> reader = journal::open_reader(journal);
  load::LoadOptions options;
  options.lead = {.holder = "child", .exclusive = true};
  options.encoding = clickhouse::Encoding::none;
  load::Load load(options, test::all_contracts(), *reader, clickhouse::Endpoint(arguments[1]));
  const Lsn goal(std::stoull(arguments[3]));
  bool reached = false;
  std::jthread watch([&](std::stop_token) {});
  std::stop_source stop;
  watch = std::jthread([&] {
    reached = test::eventually([&] { return load.status().cut >= goal; }, std::chrono::seconds(60));
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
