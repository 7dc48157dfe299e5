#include "support/store.h"

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>

#include "adapter/clickhouse/client.h"
#include "base/error.h"
#include "support/files.h"

namespace freshet::test {
namespace {

// A cold start on a busy machine, with tables to open.
constexpr std::chrono::seconds kStartPatience{60};
constexpr std::chrono::seconds kStopPatience{30};

}  // namespace

TestStore::TestStore(std::vector<std::string> arguments, std::vector<std::string> environment)
    : dir_("freshet-store-"), arguments_(std::move(arguments)), environment_(std::move(environment)) {
  start();
}

std::string TestStore::url() const {
  return "http://127.0.0.1:" + std::to_string(port_);
}

std::string TestStore::log() const {
  return contents(dir_.path() + "/log");
}

void TestStore::start() {
  const std::string port_file = dir_.path() + "/port";
  std::filesystem::remove(port_file);
  ProcessOptions options;
  options.arguments = {built("freshet-store"),
                       "--path",
                       dir_.path() + "/data",
                       "--port",
                       std::to_string(port_),
                       "--port-file",
                       port_file,
                       "--memory",
                       "4GB"};
  options.arguments.insert(options.arguments.end(), arguments_.begin(), arguments_.end());
  options.environment = environment_;
  options.output = dir_.path() + "/log";
  process_ = std::make_unique<Process>(options);
  const auto is_ready = [&] { return contents(port_file).ends_with('\n') || !process_->running(); };
  if (!eventually(is_ready, kStartPatience) || !process_->running()) {
    throw std::runtime_error("freshet-store didn't start: " + log());
  }
  port_ = std::stoi(contents(port_file));
}

int TestStore::stop() {
  return process_->stop(SIGTERM, kStopPatience);
}

void TestStore::kill() {
  process_->stop(SIGKILL, kStopPatience);
}

std::string shared_store_url() {
  if (const char* given = std::getenv("FRESHET_TEST_STORE")) return given;
  static TestStore store;
  return store.url();
}

StoreDatabase::StoreDatabase(std::string server_url) : server_url_(std::move(server_url)) {
  static std::atomic<int> count = 0;
  name_ = "test_" + std::to_string(::getpid()) + "_" + std::to_string(++count);
  clickhouse::Client(clickhouse::Endpoint(server_url_)).execute("CREATE DATABASE " + name_);
}

StoreDatabase::~StoreDatabase() {
  try {
    clickhouse::Client(clickhouse::Endpoint(server_url_))
        .execute("DROP DATABASE IF EXISTS " + name_ + " SYNC");
  } catch (const Error&) {
    // The server is gone, and the database with its folder.
  }
}

}  // namespace freshet::test
