// Reference: where an address or a secret is found. Loading a project reads no secret, so that contracts can
// be checked and plans made without any; resolve() is called by who connects, and its result is never logged.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "contract/reader.h"

namespace freshet::contract {

// The environment as passed in, so that tests need none of their own.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;
Environment process_environment();

class Reference {
 public:
  enum class From { literal, environment, file };

  Reference(From from, std::string name) : from_(from), name_(std::move(name)) {}

  From from() const { return from_; }
  // The literal, the variable's name or the file's path.
  const std::string& name() const { return name_; }

  // Throws Error{config} naming the variable or file when it is absent or empty. A file's trailing newline is
  // dropped.
  std::string resolve(const Environment& environment) const;

  friend bool operator==(const Reference&, const Reference&) = default;

 private:
  From from_;
  std::string name_;
};

// `key: ${VARIABLE}`, `key: literal` or `key_file: path`; nullopt when neither is there. A variable stands
// alone: text around it would have to be escaped, and a password with a '/' would then change the address.
std::optional<Reference> read_address(MapReader& map, const std::string& key);
// The same without literals.
std::optional<Reference> read_secret(MapReader& map, const std::string& key);

}  // namespace freshet::contract
