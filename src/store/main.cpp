// freshet-store: the embedded ClickHouse behind ClickHouse's own HTTP interface.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <filesystem>
#include <fstream>

#include "adapter/http/server.h"
#include "base/error.h"
#include "base/log.h"
#include "store/config_files.h"
#include "store/front.h"
#include "store/sandbox.h"
#include "store/stop_limit.h"

namespace freshet::store {
namespace {

constexpr std::chrono::milliseconds kStopGrace{5000};
constexpr std::chrono::milliseconds kStopLimit{10000};

struct Arguments {
  std::string path;
  std::string listen = "127.0.0.1";
  std::uint16_t port = 0;
  std::string port_file;
  std::string password_file;
  std::string reader_password_file;
  std::uint64_t memory = 0;
  std::size_t max_connections = 256;
};

constexpr const char* kFooter = R"(
Passwords come from files or the environment, never from the command line:
  FRESHET_STORE_PASSWORD          of the user `default`, who may do everything but reach files and other hosts
  FRESHET_STORE_READER_PASSWORD   of the user `reader`, who may only read
Without any, both users exist without a password, and --listen must be a loopback address.

Any ClickHouse client works:
  curl 'http://127.0.0.1:8123/' --data-binary 'SELECT version()'

Logs are JSON lines on standard error; the line "store_ready" carries the port. SIGTERM and SIGINT end it
cleanly; kill -9 loses nothing that was acknowledged.)";

void add_options(CLI::App& app, Arguments& to) {
  app.add_option("--path", to.path, "folder that holds all of its data; made when it isn't there")
      ->required();
  app.add_option("--port", to.port, "port to listen on; 0 takes a free one")->capture_default_str();
  app.add_option("--listen", to.listen, "address to listen on")->capture_default_str();
  app.add_option("--port-file", to.port_file, "file that gets the port, and a line feed, once it is ready");
  app.add_option("--memory", to.memory,
                 "what the process may take, for example 4GB (default: half of the machine's)")
      ->transform(CLI::AsSizeValue(false));
  app.add_option("--max-connections", to.max_connections, "clients connected at the same time")
      ->capture_default_str();
  app.add_option("--password-file", to.password_file, "file with the password of `default`")
      ->check(CLI::ExistingFile);
  app.add_option("--reader-password-file", to.reader_password_file, "file with the password of `reader`")
      ->check(CLI::ExistingFile);
  app.footer(kFooter);
}

// Overwritten in place, too: /proc/PID/environ shows that memory, and the engine can read files.
std::optional<std::string> take_from_environment(const char* variable) {
  char* value = std::getenv(variable);
  if (value == nullptr) return std::nullopt;
  const std::string taken = value;
  ::explicit_bzero(value, taken.size());
  ::unsetenv(variable);
  return taken.empty() ? std::nullopt : std::optional(taken);
}

std::optional<std::string> secret(const std::string& file, const char* variable) {
  std::optional<std::string> from_environment = take_from_environment(variable);
  if (!file.empty()) {
    std::ifstream in(file);
    std::string line;
    std::getline(in, line);
    if (line.empty())
      throw Error(ErrorKind::config, "the password file " + file + " has an empty first line");
    return line;
  }
  return from_environment;
}

Passwords read_passwords(const Arguments& arguments) {
  const auto owner = secret(arguments.password_file, "FRESHET_STORE_PASSWORD");
  const auto reader = secret(arguments.reader_password_file, "FRESHET_STORE_READER_PASSWORD");
  if (!owner && !reader) return {"", ""};
  if (!owner) throw Error(ErrorKind::config, "`reader` has a password, but `default` has none", "set both");
  return {*owner, reader};
}

bool is_loopback(const std::string& address) {
  return address.starts_with("127.") || address == "::1" || address == "localhost";
}

void check_exposure(const Arguments& arguments, const Passwords& passwords) {
  if (is_loopback(arguments.listen) || !passwords.owner.empty()) return;
  throw Error(ErrorKind::config, "refusing to listen on " + arguments.listen + " without a password",
              "set FRESHET_STORE_PASSWORD or --password-file, or listen on 127.0.0.1");
}

// Open before the fence is up, which keeps the process in its folder.
int open_port_file(const std::string& path) {
  if (path.empty()) return -1;
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) throw Error(ErrorKind::config, "can't write the port file " + path);
  return fd;
}

void write_port(int fd, std::uint16_t port) {
  if (fd < 0) return;
  const std::string line = fmt::format("{}\n", port);
  if (::write(fd, line.data(), line.size()) < 0) log::warn("store_port_file_failed", {});
  ::close(fd);
}

// The engine reads standard input when there is any, and a config.xml of the working directory.
void prepare_process(const Folders& folders) {
  ::signal(SIGPIPE, SIG_IGN);
  const int null = ::open("/dev/null", O_RDONLY);
  if (null < 0) throw Error(ErrorKind::config, "can't open /dev/null");
  ::dup2(null, STDIN_FILENO);
  ::close(null);
  std::filesystem::current_path(folders.run);
  chdb_set_signal_handlers_enabled(0);  // its own turn a crash into a hang
}

sigset_t block_stop_signals() {
  sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, SIGTERM);
  ::sigaddset(&set, SIGINT);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  return set;
}

void log_confinement(Confinement confinement) {
  if (confinement != Confinement::none) return;
  log::warn("store_unconfined", {{"reason", "this kernel has no Landlock"},
                                 {"effect", "only the checks of statements keep clients away from files"}});
}

void serve(const Arguments& arguments) {
  const Passwords passwords = read_passwords(arguments);
  check_exposure(arguments, passwords);
  const int port_file = open_port_file(arguments.port_file);
  const std::filesystem::path root = std::filesystem::absolute(arguments.path).lexically_normal();
  const Folders folders = write_config(root, arguments.memory == 0 ? default_memory() : arguments.memory);
  prepare_process(folders);
  const sigset_t signals = block_stop_signals();
  log_confinement(confine_to(root.string()));

  std::optional<StopLimit> stop_limit;  // outlives the engine, which waits for its queries, too
  const Engine engine({folders.data.string(), folders.config.string()});
  Front front(engine, passwords, system_clock());
  http::Options options;
  options.address = arguments.listen;
  options.port = arguments.port;
  options.max_connections = arguments.max_connections;
  http::Server server(options, [&](http::Exchange& exchange) { front.handle(exchange); });
  write_port(port_file, server.port());
  log::info("store_ready",
            {{"port", server.port()}, {"listen", arguments.listen}, {"engine", engine.version()}});

  int received = 0;
  ::sigwait(&signals, &received);
  log::info("store_stopping", {{"connections", server.connections()}});
  stop_limit.emplace(kStopLimit);
  server.stop(kStopGrace);
}

int run(int argc, char** argv) {
  Arguments arguments;
  CLI::App app(
      "The embedded ClickHouse of Freshet: one process, one folder, ClickHouse's own HTTP interface.",
      "freshet-store");
  add_options(app, arguments);
  CLI11_PARSE(app, argc, argv);
  try {
    serve(arguments);
    log::info("store_stopped");
    return EXIT_SUCCESS;
  } catch (const std::exception& error) {
    log::error("store_failed", {{"reason", error.what()}});
    return EXIT_FAILURE;
  }
}

}  // namespace
}  // namespace freshet::store

int main(int argc, char** argv) {
  return freshet::store::run(argc, argv);
}
