#include "contract/reference.h"

#include <fmt/format.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "contract/form.h"

namespace freshet::contract {
namespace {

std::string read_secret_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in)
    throw Error(ErrorKind::config, fmt::format("the file {} can't be read", path),
                "does it exist, readable for this user?");
  std::ostringstream text;
  text << in.rdbuf();
  std::string secret = text.str();
  while (secret.ends_with('\n') || secret.ends_with('\r')) secret.pop_back();
  if (secret.empty()) throw Error(ErrorKind::config, fmt::format("the file {} is empty", path));
  return secret;
}

// "${NAME}" -> NAME; nullopt without "${".
std::optional<std::string> variable_name(const MapReader& map, const YamlNode& node, std::string_view key) {
  if (const auto name = variable_in(node.text)) return std::string(*name);
  if (node.text.find("${") == std::string::npos) return std::nullopt;
  map.fail(node.line, fmt::format("'{}' mixes a variable with other text", key),
           fmt::format("write {}: ${{NAME}} with the whole value in the variable", key));
}

std::optional<Reference> read(MapReader& map, const std::string& key, bool literals) {
  const std::string file_key = key + "_file";
  const YamlNode* value = map.find(key);
  const YamlNode* file = map.find(file_key);
  if (value != nullptr && file != nullptr) {
    map.fail(file->line, fmt::format("both '{}' and '{}' are written", key, file_key), "keep one of them");
  }
  if (file != nullptr) return Reference(Reference::From::file, scalar_text(map.file(), *file, file_key));
  if (value == nullptr) return std::nullopt;
  scalar_text(map.file(), *value, key);
  if (auto name = variable_name(map, *value, key)) return Reference(Reference::From::environment, *name);
  if (!literals) {
    map.fail(value->line, fmt::format("'{}' is a secret and doesn't belong in a file under review", key),
             fmt::format("write {}: ${{NAME}} or {}: /path", key, file_key));
  }
  return Reference(Reference::From::literal, value->text);
}

}  // namespace

Environment process_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) return std::nullopt;
    return value;
  };
}

std::string Reference::resolve(const Environment& environment) const {
  switch (from_) {
    case From::literal: return name_;
    case From::file: return read_secret_file(name_);
    case From::environment: break;
  }
  auto value = environment(name_);
  if (!value || value->empty()) {
    throw Error(ErrorKind::config, fmt::format("the environment variable {} isn't set", name_),
                fmt::format("export {}=…", name_));
  }
  return *std::move(value);
}

std::optional<Reference> read_address(MapReader& map, const std::string& key) {
  return read(map, key, true);
}

std::optional<Reference> read_secret(MapReader& map, const std::string& key) {
  return read(map, key, false);
}

}  // namespace freshet::contract
