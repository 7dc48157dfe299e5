#include "freshet_process.h"

#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "app/line_status_json.h"
#include "support/files.h"

namespace freshet::test {

using namespace std::chrono_literals;

Ended freshet(const std::vector<std::string>& arguments, const std::vector<std::string>& environment) {
  const TempDir folder;
  const std::string output = folder.path() + "/output";
  std::vector<std::string> command{built("freshet")};
  command.insert(command.end(), arguments.begin(), arguments.end());
  const int status =
      run({.arguments = command, .environment = environment, .output = output, .user = {}}, 120s);
  return {status, contents(output)};
}

Installation::Installation(TestDatabase& database, const std::string& statements) {
  database.sql(statements);
  const Ended init = freshet({"init", project(), "--source", database.url(), "--slot", database.name()});
  if (init.status != 0) throw std::runtime_error("freshet init failed: " + init.output);
  // Quick canaries, so that readiness is told within the test's patience; any free port.
  std::ofstream(project() + "/pipeline.yaml", std::ios::app)
      << "intervals: {canary: 1s, heartbeat: 500ms}\nhttp: {listen: \"127.0.0.1:0\"}\n";
}

std::unique_ptr<Process> Installation::start(const std::string& role,
                                             const std::vector<std::string>& more) const {
  std::vector<std::string> arguments{built("freshet"), role, project(), "--data", data()};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return std::make_unique<Process>(ProcessOptions{.arguments = std::move(arguments),
                                                  .environment = {},
                                                  .output = folder_.path() + "/" + role + ".out",
                                                  .user = {}});
}

std::string Installation::output(const std::string& role) const {
  return contents(folder_.path() + "/" + role + ".out");
}

app::EndpointLine Installation::endpoints(Process& process) const {
  const std::string path = data() + "/endpoints.json";
  eventually([&] { return std::filesystem::exists(path) || !process.running(); }, 60s);
  if (!std::filesystem::exists(path))
    throw std::runtime_error("no endpoints.json: " + output("up") + output("load"));
  const std::string json = contents(path);
  return {text_in(json, "postgres"), text_in(json, "clickhouse"), text_in(json, "http")};
}

std::optional<app::LineStatus> Installation::status() const {
  const Ended status = freshet({"status", "--json", "--data", data()});
  if (status.status != 0 && status.status != 1) return std::nullopt;
  return app::line_status_from_json(status.output);
}

bool Installation::wait_until_loaded() const {
  return freshet({"status", "--until-loaded", "60", "--data", data()}).status == 0;
}

Ended Installation::parity() const {
  return freshet({"parity", project(), "--data", data()});
}

std::string mirror_value(const app::EndpointLine& endpoints, const std::string& sql) {
  try {
    return clickhouse::Client(clickhouse::Endpoint(endpoints.clickhouse)).value(sql);
  } catch (const Error&) {
    return "";
  }
}

}  // namespace freshet::test
