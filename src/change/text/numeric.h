// numeric as PostgreSQL sends it in binary: digits to base 10000, a weight, a sign and the number of digits
// after the point that are shown. Borrows the bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace freshet::pg_text {

class Numeric {
 public:
  enum class Kind { finite, nan, plus_infinity, minus_infinity };

  // Nothing when the bytes aren't a numeric.
  static std::optional<Numeric> read(std::string_view bytes);

  Kind kind = Kind::finite;
  bool negative = false;
  int weight = 0;  // of the first digit: it counts 10000^weight
  int scale = 0;   // digits after the point, shown
  int count = 0;

  int digit(int index) const { return load_be<std::int16_t>(digits_ + std::size_t{2} * index); }

  // 1234.5600: exactly as PostgreSQL prints it.
  void append_to(std::string& to) const;

 private:
  void append_whole(std::string& to) const;
  void append_fraction(std::string& to) const;

  const char* digits_ = nullptr;
};

}  // namespace freshet::pg_text
