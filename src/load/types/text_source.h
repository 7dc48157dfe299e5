// TextSource: the bytes that a String mirror column holds for a value of a type: bytea's raw bytes, a json
// document as it is stored, everything else as PostgreSQL prints it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "change/tuple.h"
#include "change/type.h"
#include "load/types/unfit.h"

namespace freshet::load {

class TextSource {
 public:
  explicit TextSource(PgType type) : type_(std::move(type)) {}

  // `text` borrows from the field or from this object, until the next call.
  std::optional<Unfit> read(const Field& field, std::string_view& text);

 private:
  std::optional<Unfit> from_binary(std::string_view bytes, std::string_view& text);
  std::optional<Unfit> from_text(std::string_view bytes, std::string_view& text);
  std::optional<Unfit> from_hex(std::string_view hex, std::string_view& text);

  PgType type_;
  std::string scratch_;
};

}  // namespace freshet::load
