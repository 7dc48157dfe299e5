#include "line/line.h"

#include <signal.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <stdexcept>

#include "support/files.h"
#include "support/http_get.h"
#include "support/kafka.h"
#include "support/processes.h"

namespace freshet::test {
namespace {

namespace fs = std::filesystem;

std::vector<pid_t> stores_of(const std::string& data) {
  std::vector<pid_t> stores;
  for (const SeenProcess& process : processes_with(data))
    if (process.program.ends_with("freshet-store")) stores.push_back(process.pid);
  return stores;
}

}  // namespace

Line::Line(std::string project, std::string source_url)
    : dir_("freshet-line-"),
      project_(std::move(project)),
      data_(dir_.path() + "/data"),
      source_url_(std::move(source_url)) {}

void Line::start(const std::string& role, const std::string& crash_at) {
  std::vector<std::string> environment{"FRESHET_SOURCE_URL=" + source_url_};
  environment.push_back("FRESHET_CRASH_AT=" + crash_at);
  std::vector<std::string> arguments{built("freshet"), role, project_, "--data", data_};
  if (role == "up") arguments.emplace_back("--quiet");
  arguments.insert(arguments.end(), told_.begin(), told_.end());
  processes_.insert_or_assign(role, Process({.arguments = std::move(arguments),
                                             .environment = environment,
                                             .output = dir_.path() + "/" + role + ".log",
                                             .user = "",
                                             .disks = disks_}));
}

void Line::give_disk(const std::string& folder, std::uint64_t bytes) {
  fs::create_directories(data_ + "/" + folder);
  disks_.push_back({data_ + "/" + folder, bytes});
}

void Line::fill_disk(const std::string& folder) const {
  test::fill_disk(processes_.at("up").pid(), data_ + "/" + folder);
}

void Line::free_disk(const std::string& folder) const {
  test::free_disk(processes_.at("up").pid(), data_ + "/" + folder);
}

bool Line::running() {
  return !processes_.empty() &&
         std::ranges::all_of(processes_, [](auto& process) { return process.second.running(); });
}

bool Line::was_killed(const std::string& role) {
  return processes_.at(role).wait(std::chrono::milliseconds(0)) == 128 + SIGKILL;
}

int Line::command(const std::vector<std::string>& arguments, const std::string& output,
                  std::chrono::seconds timeout, const std::string& crash_at) {
  std::vector<std::string> all{built("freshet")};
  all.insert(all.end(), arguments.begin(), arguments.end());
  fs::remove(output);
  return run({.arguments = all,
              .environment = {"FRESHET_SOURCE_URL=" + source_url_, "FRESHET_CRASH_AT=" + crash_at},
              .output = output,
              .user = ""},
             timeout);
}

bool Line::wait_until_loaded(std::chrono::seconds timeout) {
  return eventually(
      [&] {
        return command({"status", "--data", data_, "--until-loaded", std::to_string(timeout.count())},
                       dir_.path() + "/status.txt", timeout + std::chrono::seconds(5)) == 0;
      },
      timeout);
}

void Line::kill() {
  const std::vector<pid_t> stores = stores_of(data_);
  for (auto& [role, process] : processes_) process.stop(SIGKILL, std::chrono::seconds(10));
  for (const pid_t store : stores) ::kill(store, SIGKILL);
  processes_.clear();
}

void Line::kill_store() {
  for (const pid_t store : stores_of(data_)) ::kill(store, SIGKILL);
}

int Line::stop() {
  int status = -1;
  for (auto& [role, process] : processes_) status = process.stop(SIGTERM, std::chrono::seconds(60));
  processes_.clear();
  return status;
}

int Line::stop(const std::string& role) {
  const int status = processes_.at(role).stop(SIGTERM, std::chrono::seconds(60));
  processes_.erase(role);
  return status;
}

Line::Said Line::say(std::vector<std::string> arguments, const std::string& crash_at) {
  const std::string output = dir_.path() + "/said.txt";
  arguments.insert(arguments.end(), {"--data", data_});
  const int status = command(arguments, output, std::chrono::seconds(60), crash_at);
  return {status, contents(output)};
}

int Line::parity() {
  const std::string output = dir_.path() + "/parity.txt";
  const int status = command({"parity", project_, "--data", data_}, output, std::chrono::seconds(400));
  if (status != 0) std::cerr << contents(output) << log_tail();
  return status;
}

std::uint64_t Line::peak_bytes(const std::string& role) const {
  std::ifstream status("/proc/" + std::to_string(processes_.at(role).pid()) + "/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmHWM:")) return std::stoull(line.substr(6)) << 10;
  throw std::runtime_error("nobody knows what " + role + " has taken");
}

std::string Line::status_json() {
  const std::string output = dir_.path() + "/status.json";
  command({"status", "--data", data_, "--json"}, output, std::chrono::seconds(20));
  return contents(output);
}

std::string Line::metrics() const {
  const std::string url = text_in(contents(data_ + "/endpoints.json"), "http");
  return url.empty() ? "" : http_get(url, "/metrics").body;
}

std::string Line::status_text() {
  const std::string output = dir_.path() + "/status.txt";
  command({"status", "--data", data_}, output, std::chrono::seconds(20));
  return contents(output);
}

clickhouse::Endpoint Line::endpoint() const {
  std::optional<clickhouse::Endpoint> found;
  eventually([&] { return (found = clickhouse()).has_value(); }, std::chrono::seconds(60));
  if (!found) throw Error(ErrorKind::transient, "the line names no ClickHouse");
  return *found;
}

std::optional<clickhouse::Endpoint> Line::clickhouse() const {
  const std::string url = text_in(contents(data_ + "/endpoints.json"), "clickhouse");
  if (url.empty()) return std::nullopt;
  return clickhouse::Endpoint(url);
}

bool Line::clickhouse_answers() const {
  const auto endpoint = clickhouse();
  if (!endpoint) return false;
  try {
    clickhouse::Client(*endpoint).ping(std::chrono::seconds(2));
    return true;
  } catch (const Error&) {
    return false;
  }
}

std::string Line::log_tail() const {
  constexpr std::size_t kTail = 6'000;
  std::string text;
  for (const auto& entry : fs::directory_iterator(data_ + "/log")) {
    const std::string log = contents(entry.path());
    text += "== " + entry.path().filename().string() + "\n" +
            log.substr(log.size() - std::min(log.size(), kTail));
  }
  for (const auto& [role, process] : processes_) {
    const std::string log = contents(dir_.path() + "/" + role + ".log");
    text += "== " + role + "\n" + log.substr(log.size() - std::min(log.size(), kTail));
  }
  return text;
}

bool journal_is_in_kafka() {
  const char* journal = std::getenv("FRESHET_TEST_JOURNAL");
  return journal != nullptr && std::string_view(journal) == "kafka";
}

// Several partitions each: a transaction's changes of one table are in more than one.
std::string journal_settings() {
  if (!journal_is_in_kafka()) return "";
  return "kafka: {brokers: \"" + shared_kafka() + "\", prefix: " + unique_topic_prefix() +
         ", partitions: 3}\n";
}

// Slots are the whole server's, and tests share one: named after the database.
std::string slot_for(const std::string& source_url) {
  return "line_" + source_url.substr(source_url.rfind('/') + 1);
}

std::string init_project(const TempDir& dir, const std::string& source_url, const std::string& settings) {
  const std::string project = dir.path() + "/project";
  const int status = run({.arguments = {built("freshet"), "init", project, "--create-publication", "--slot",
                                        slot_for(source_url)},
                          .environment = {"FRESHET_SOURCE_URL=" + source_url},
                          .output = dir.path() + "/init.log",
                          .user = ""});
  if (status != 0) throw std::runtime_error("freshet init failed:\n" + contents(dir.path() + "/init.log"));
  // Any free port for the status page: tests run beside each other.
  std::ofstream(project + "/pipeline.yaml", std::ios::app) << "\nhttp:\n  listen: 127.0.0.1:0\n"
                                                           << settings << journal_settings();
  return project;
}

}  // namespace freshet::test
