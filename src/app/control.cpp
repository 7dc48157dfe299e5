#include "app/control.h"

#include <nlohmann/json.hpp>

#include "adapter/local/socket.h"
#include "base/error.h"
#include "base/log.h"

namespace freshet::app {
namespace {

using Json = nlohmann::ordered_json;
using namespace std::chrono_literals;

constexpr auto kAcceptFor = 100ms;  // how soon a stop is noticed
constexpr auto kRequestDeadline = 5s;

ErrorKind kind_named(std::string_view name) {
  for (int kind = 0; kind <= static_cast<int>(ErrorKind::cancelled); ++kind)
    if (to_string(static_cast<ErrorKind>(kind)) == name) return static_cast<ErrorKind>(kind);
  return ErrorKind::data;
}

std::string refusal(const Error& error) {
  return Json{
      {"ok", false}, {"kind", to_string(error.kind())}, {"message", error.message()}, {"hint", error.hint()}}
      .dump();
}

}  // namespace

void ControlServer::run(std::stop_token stop) const {
  const local::Listener listener(socket_);
  while (!stop.stop_requested()) {
    auto peer = listener.accept(kAcceptFor);
    if (!peer) continue;
    try {
      peer->write_line(answer(peer->read_line(kRequestDeadline)), kRequestDeadline);
    } catch (const Error& error) {  // that one caller's trouble
      log::warn("control_call_failed", {{"message", error.message()}});
    }
  }
}

std::string ControlServer::answer(std::string_view request) const {
  try {
    const Json call = Json::parse(request);
    const auto handler = handlers_.find(call.value("command", ""));
    if (handler == handlers_.end())
      throw Error(ErrorKind::unsupported, "the running freshet doesn't know this command",
                  "is it of another version? compare `freshet version` with its status");
    return R"({"ok":true,"answer":)" + handler->second(call.value("argument", Json()).dump()) + "}";
  } catch (const Error& error) {
    return refusal(error);
  } catch (const Json::exception&) {
    return refusal(Error(ErrorKind::data, "the request isn't JSON"));
  }
}

std::optional<std::string> ask(const std::filesystem::path& socket, const std::string& command,
                               const std::string& argument, std::chrono::milliseconds deadline) {
  if (!std::filesystem::exists(socket)) return std::nullopt;
  auto server = local::Connection::connect(socket);
  if (!server) return std::nullopt;
  server->write_line(Json{{"command", command}, {"argument", Json::parse(argument)}}.dump(),
                     kRequestDeadline);
  const Json answer = Json::parse(server->read_line(deadline), nullptr, false);
  if (!answer.is_object()) throw Error(ErrorKind::data, "the running freshet's answer isn't JSON");
  if (answer.value("ok", false)) return answer["answer"].dump();
  throw Error(kind_named(answer.value("kind", "")), answer.value("message", "no message"),
              answer.value("hint", ""));
}

}  // namespace freshet::app
