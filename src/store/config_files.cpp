#include "store/config_files.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <string>

#include "base/error.h"

namespace freshet::store {
namespace {

// The engine counts less than it takes: with a limit of 1.5 GB the process was seen at 2.7 to 3.5 GB.
constexpr double kEngineShare = 0.4;
constexpr std::uint64_t kMarkCacheShare = 16;

// A block of an insert ends at 256 MB: by its rows alone, one of wide rows would take all of the memory.
// The constraints: deeper or larger statements overflow the stack of the engine's parser, and with it the
// process; zero would mean no limit. `table_engines_require_grant` is what keeps tables of the engines File
// and URL away: what isn't among SOURCES needs no grant of its own. BACKUP, users and roles are nobody's.
constexpr std::string_view kUsers = R"(<clickhouse>
  <profiles><default>
    <max_memory_usage>{0}</max_memory_usage>
    <max_insert_block_size_bytes>268435456</max_insert_block_size_bytes>
    <constraints>
      <max_memory_usage><min>1</min><max>{0}</max></max_memory_usage>
      <max_parser_depth><min>1</min><max>1000</max></max_parser_depth>
      <max_parser_backtracks><min>1</min><max>1000000</max></max_parser_backtracks>
      <max_ast_depth><min>1</min><max>1000</max></max_ast_depth>
      <max_ast_elements><min>1</min><max>500000</max></max_ast_elements>
      <max_expanded_ast_elements><min>1</min><max>500000</max></max_expanded_ast_elements>
    </constraints>
  </default></profiles>
  <quotas><default/></quotas>
  <roles>
    <owner><grants>
      <query>GRANT ALL ON *.*</query>
      <query>REVOKE SOURCES ON *.*</query>
      <query>REVOKE SYSTEM SHUTDOWN ON *.*</query>
      <query>REVOKE ACCESS MANAGEMENT ON *.*</query>
      <query>REVOKE BACKUP ON *.*</query>
      <query>REVOKE TABLE ENGINE ON *</query>
    </grants></owner>
    <reader><grants>
      <query>GRANT SHOW, SELECT, dictGet ON *.*</query>
    </grants></reader>
  </roles>
  <users><default>
    <password/>
    <networks><ip>::/0</ip></networks>
    <profile>default</profile>
    <quota>default</quota>
    <grants><query>GRANT owner, reader</query></grants>
  </default></users>
</clickhouse>
)";

constexpr std::string_view kConfig = R"(<clickhouse>
  <users_config>{}</users_config>
  <max_server_memory_usage>{}</max_server_memory_usage>
  <mark_cache_size>{}</mark_cache_size>
  <database_atomic_delay_before_drop_table_sec>10</database_atomic_delay_before_drop_table_sec>
  <access_control_improvements><table_engines_require_grant>true</table_engines_require_grant></access_control_improvements>
</clickhouse>
)";

void write_file(const std::filesystem::path& path, const std::string& text) {
  std::ofstream file(path, std::ios::trunc);
  file << text;
  file.close();
  if (!file) throw Error(ErrorKind::config, "can't write " + path.string());
}

std::string in_xml(std::string_view text) {
  std::string out;
  for (const char letter : text) {
    if (letter == '<')
      out += "&lt;";
    else if (letter == '&')
      out += "&amp;";
    else
      out += letter;
  }
  return out;
}

std::uint64_t control_group_limit() {
  std::ifstream file("/sys/fs/cgroup/memory.max");
  std::string text;
  std::uint64_t limit = UINT64_MAX;  // "max", or no such file
  if (file >> text) std::from_chars(text.data(), text.data() + text.size(), limit);
  return limit;
}

}  // namespace

Folders write_config(const std::filesystem::path& root, std::uint64_t memory_bytes) {
  const Folders folders{root / "data", root / "run", root / "run" / "store-config.xml"};
  std::filesystem::create_directories(folders.data);
  std::filesystem::create_directories(folders.run);
  const auto engine_memory = static_cast<std::uint64_t>(static_cast<double>(memory_bytes) * kEngineShare);
  const std::filesystem::path users = folders.run / "store-users.xml";
  write_file(users, fmt::format(kUsers, engine_memory));
  write_file(folders.config,
             fmt::format(kConfig, in_xml(users.string()), engine_memory, engine_memory / kMarkCacheShare));
  return folders;
}

std::uint64_t default_memory() {
  const auto machine = static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES)) *
                       static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  return std::min(machine, control_group_limit()) / 2;
}

}  // namespace freshet::store
