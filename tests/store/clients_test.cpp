// Clients that others wrote, each in its own language: clients/. They are fetched by
// scripts/install-test-clients.sh.
#include <fstream>

#include "store_case.h"

namespace freshet::store {
namespace {

const std::string kSource = FRESHET_CLIENTS_DIR;
const std::string kInstalled = FRESHET_CLIENTS_INSTALLED;

void run_client(const std::vector<std::string>& command, const std::string& output) {
  const int status = test::run({.arguments = command, .environment = {}, .output = output, .user = {}},
                               std::chrono::seconds(180));
  std::ifstream file(output);
  EXPECT_EQ(status, 0) << std::string(std::istreambuf_iterator<char>(file), {});
}

class Clients : public StoreCase {
 protected:
  const std::string port_ = std::to_string(server().port());
  test::TempDir dir_;
};

TEST_F(Clients, PythonClickhouseConnect) {
  run_client({kInstalled + "/venv/bin/python", kSource + "/clickhouse_connect_test.py", port_},
             dir_.path() + "/log");
}

TEST_F(Clients, NodeClickhouseClient) {
  run_client({"node", kSource + "/clickhouse_client_test.mjs", kInstalled, port_}, dir_.path() + "/log");
}

}  // namespace
}  // namespace freshet::store
