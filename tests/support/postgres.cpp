#include "support/postgres.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace freshet::test {
namespace {

namespace fs = std::filesystem;

// Root can't run PostgreSQL; Debian's package made this user.
const std::string kServerUser = "postgres";

std::string with_database(const std::string& url, const std::string& database) {
  const std::size_t host = url.find("://") + 3;
  const std::size_t path = url.find('/', host);
  const std::size_t query = url.find('?', host);
  return url.substr(0, std::min(path, query)) + "/" + database +
         (query == std::string::npos ? "" : url.substr(query));
}

postgres::ConnectOptions as_test(const std::string& url) {
  postgres::ConnectOptions options;
  options.url = url;
  options.purpose = "freshet test";
  return options;
}

PostgresServer& process_server() {
  static PostgresServer server;
  return server;
}

}  // namespace

PostgresServer::PostgresServer(const std::vector<std::string>& settings)
    : dir_("freshet-pg-"), data_(dir_.path() + "/data"), port_(free_port()) {
  fs::permissions(dir_.path(), fs::perms::all);
  const std::string log = dir_.path() + "/initdb.log";
  if (run({.arguments = {postgres_program("initdb"), "-D", data_, "-U", "postgres", "-A", "trust", "-E",
                         "UTF8", "--locale=C", "--no-sync"},
           .environment = {},
           .output = log,
           .user = kServerUser}) != 0) {
    throw std::runtime_error("initdb failed, see " + log);
  }
  std::ofstream conf(data_ + "/postgresql.conf", std::ios::app);
  conf << "port = " << port_ << "\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = ''\n"
       << "wal_level = logical\nmax_wal_senders = 60\nmax_replication_slots = 60\nmax_connections = 200\n"
       << "max_prepared_transactions = 20\nwal_sender_timeout = '20s'\nfsync = off\nlog_min_messages = "
          "warning\n";
  for (const std::string& line : settings) conf << line << '\n';
  conf.close();
  start();
}

PostgresServer PostgresServer::standby_of(const PostgresServer& primary) {
  return PostgresServer(primary, free_port());
}

PostgresServer::PostgresServer(const PostgresServer& primary, int port)
    : dir_("freshet-pg-"), data_(dir_.path() + "/data"), port_(port) {
  fs::permissions(dir_.path(), fs::perms::all);
  const std::string log = dir_.path() + "/basebackup.log";
  if (run({.arguments = {postgres_program("pg_basebackup"), "-D", data_, "-d", primary.url(),
                         "--write-recovery-conf", "--checkpoint=fast", "--no-sync"},
           .environment = {},
           .output = log,
           .user = kServerUser}) != 0) {
    throw std::runtime_error("pg_basebackup failed, see " + log);
  }
  std::ofstream(data_ + "/postgresql.conf", std::ios::app) << "port = " << port_ << '\n';
  start();
}

void PostgresServer::promote(Lsn all_of_it) {
  postgres::Connection connection(as_test(url()));
  const bool followed = eventually(
      [&] {
        return parse_lsn(connection.query("SELECT coalesce(pg_last_wal_replay_lsn(), '0/0')").text(0, 0)) >=
               all_of_it;
      },
      std::chrono::seconds(60));
  if (!followed) throw std::runtime_error("the standby doesn't follow, see " + dir_.path() + "/server.log");
  connection.query("SELECT pg_promote()");
}

std::string PostgresServer::url(const std::string& database) const {
  return "postgres://postgres@127.0.0.1:" + std::to_string(port_) + "/" + database;
}

void PostgresServer::start() {
  const bool up = eventually(
      [&] {
        // It refuses while children of a killed one still hold the shared memory: then once more.
        if (process_ == nullptr || !process_->running()) launch();
        try {
          postgres::Connection probe(as_test(url()));
          return true;
        } catch (const Error&) {
          return false;
        }
      },
      std::chrono::seconds(60));
  if (!up) throw std::runtime_error("PostgreSQL didn't start, see " + dir_.path() + "/server.log");
}

void PostgresServer::launch() {
  process_ =
      std::make_unique<Process>(ProcessOptions{.arguments = {postgres_program("postgres"), "-D", data_},
                                               .environment = {},
                                               .output = dir_.path() + "/server.log",
                                               .user = kServerUser});
}

void PostgresServer::stop(const char* mode) {
  const std::string how = mode;
  const int signal_number = how == "immediate" ? SIGQUIT : how == "smart" ? SIGTERM : SIGINT;
  if (process_->stop(signal_number, std::chrono::seconds(60)) < 0) kill();
}

void PostgresServer::kill() {
  // Its children see the postmaster's death by themselves.
  process_->stop(SIGKILL, std::chrono::seconds(10));
}

void PostgresServer::go_on_at(const std::string& wal_file) {
  const std::string log = dir_.path() + "/resetwal.log";
  if (run({.arguments = {postgres_program("pg_resetwal"), "-l", wal_file, "-D", data_},
           .environment = {},
           .output = log,
           .user = kServerUser}) != 0)
    throw std::runtime_error("pg_resetwal failed, see " + log);
  start();
}

std::string postgres_program(const std::string& name) {
  for (int version = 18; version >= 14; --version) {
    const std::string path = "/usr/lib/postgresql/" + std::to_string(version) + "/bin/" + name;
    if (fs::exists(path)) return path;
  }
  return name;
}

std::string shared_postgres_url(const std::string& database) {
  if (const char* url = std::getenv("FRESHET_TEST_POSTGRES")) return with_database(url, database);
  return process_server().url(database);
}

TestDatabase::TestDatabase(const std::string& server_url) : server_url_(server_url) {
  static std::atomic<int> counter{0};
  name_ = "t" + std::to_string(getpid()) + "_" + std::to_string(counter++);
  postgres::Connection admin(as_test(server_url_));
  admin.run("CREATE DATABASE " + name_, std::chrono::seconds(60));
  url_ = with_database(server_url_, name_);
  connection_ = std::make_unique<postgres::Connection>(as_test(url_));
}

TestDatabase::~TestDatabase() {
  connection_.reset();
  try {
    postgres::Connection admin(as_test(server_url_));
    admin.query(
        "SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE database = $1 AND active",
        {name_});
    eventually([&] {
      return admin.query("SELECT 1 FROM pg_replication_slots WHERE database = $1 AND active", {name_})
                 .rows() == 0;
    });
    admin.query("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = $1",
                {name_});
    admin.run("DROP DATABASE IF EXISTS " + name_ + " WITH (FORCE)", std::chrono::seconds(60));
  } catch (const Error& error) {
    std::fprintf(stderr, "test database %s stays behind: %s\n", name_.c_str(), error.what());
  }
}

}  // namespace freshet::test
