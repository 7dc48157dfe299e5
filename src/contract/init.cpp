// The files of a new project: write_project() of contract/introspect.h.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <fstream>
#include <regex>
#include <set>

#include "contract/introspect.h"
#include "contract/yaml.h"

namespace freshet::contract {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kFileNameMax = 200;  // of 255 bytes that file systems allow

struct Address {
  std::string url;
  bool had_password = false;
};

// The URL or key=value text without its password: files are reviewed and kept for ever.
Address without_password(const std::string& url) {
  static const std::regex authority(R"(^([a-z]+://[^/@:]*):[^/]*@)");
  static const std::regex parameter(R"(([?&])password=[^&]*&?)");
  static const std::regex keyword(R"(\bpassword\s*=\s*('(\\.|[^'])*'|\S+)\s*)");
  const bool is_url = url.find("://") != std::string::npos;
  std::string bare = std::regex_replace(url, authority, "$1@");
  bare = is_url ? std::regex_replace(bare, parameter, "$1") : std::regex_replace(bare, keyword, "");
  while (bare.ends_with('?') || bare.ends_with('&') || bare.ends_with(' ')) bare.pop_back();
  const bool had_password = bare != url;
  return {std::move(bare), had_password};
}

// Bytes other than letters, digits, '_' and '-' as %xx, dots too: "a.b"."c" and "a"."b.c" stay two files.
std::string path_part(std::string_view name) {
  std::string part;
  for (const char c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-') {
      part += c;
    } else {
      part += fmt::format("%{:02x}", static_cast<unsigned char>(c));
    }
  }
  return part;
}

void write_new(const fs::path& path, const std::string& text) {
  if (fs::exists(path)) {
    throw Error(ErrorKind::config, fmt::format("{} is there already", path.string()), "name an empty folder");
  }
  std::ofstream out(path, std::ios::binary);
  out << text;
  out.close();
  if (!out)
    throw Error(ErrorKind::capacity, fmt::format("{} can't be written", path.string()),
                "is the disk full, the folder writable?");
}

}  // namespace

std::string contract_file_name(const TableName& table, bool with_schema) {
  std::string name =
      with_schema ? path_part(table.schema) + "." + path_part(table.table) : path_part(table.table);
  if (name.size() > kFileNameMax) {
    std::uint64_t hash = 14695981039346656037ull;  // FNV-1a: two long names with one beginning stay two files
    for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ull;
    name = fmt::format("{}-{:016x}", name.substr(0, kFileNameMax - 20), hash);
  }
  return name + ".yaml";
}

std::string pipeline_yaml(const InitOptions& options, const std::vector<std::string>& schemas) {
  const Address address = without_password(options.source_url);
  std::vector<std::string> names;
  names.reserve(schemas.size());
  for (const auto& schema : schemas) names.push_back(yaml_scalar(schema));
  std::string text = "# What Freshet reads and how; every key and its default: docs/contracts.md\n";
  text += fmt::format("name: {}\nsource:\n  url: {}\n", options.name, yaml_scalar(address.url));
  if (address.had_password || options.password_in_environment)
    text += "  password: ${FRESHET_SOURCE_PASSWORD}\n";
  text += fmt::format("  publication: {}\n  slot: {}\n  schemas: [{}]\n", yaml_scalar(options.publication),
                      yaml_scalar(options.slot), fmt::join(names, ", "));
  return text;
}

void write_project(const fs::path& dir, const Draft& draft, const InitOptions& options) {
  std::set<std::string> schemas;
  for (const auto& contract : draft.contracts) schemas.insert(contract.source.schema);
  fs::create_directories(dir / "contracts");
  write_new(dir / "pipeline.yaml", pipeline_yaml(options, {schemas.begin(), schemas.end()}));
  for (const auto& contract : draft.contracts) {
    write_new(dir / "contracts" / contract_file_name(contract.source, schemas.size() > 1),
              contract_yaml(contract));
  }
}

}  // namespace freshet::contract
