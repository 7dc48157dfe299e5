// The control socket: a command is one line of JSON to the running process, the answer another.
//   {"command":"status","argument":null}  ->  {"ok":true,"answer":{…}}  |
//   {"ok":false,"kind":…,"message":…,"hint":…}
// ControlServer::run belongs to its stage's thread, which also runs the handlers, one after the other.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

namespace freshet::app {

// Takes the command's argument and returns the answer, both as JSON text; throws Error, which is carried to
// the other side.
using ControlHandlers = std::map<std::string, std::function<std::string(const std::string& argument)>>;

class ControlServer {
 public:
  ControlServer(std::filesystem::path socket, ControlHandlers handlers)
      : socket_(std::move(socket)), handlers_(std::move(handlers)) {}

  void run(std::stop_token stop) const;

 private:
  std::string answer(std::string_view request) const;

  const std::filesystem::path socket_;
  const ControlHandlers handlers_;
};

// The answer's JSON text; nothing when no process listens there. `argument`: JSON text. Throws the other
// side's Error.
std::optional<std::string> ask(const std::filesystem::path& socket, const std::string& command,
                               const std::string& argument = "null",
                               std::chrono::milliseconds deadline = std::chrono::seconds(30));

}  // namespace freshet::app
