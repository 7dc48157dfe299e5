#include "change/text/floats.h"

#include <charconv>
#include <cmath>
#include <cstdlib>

namespace freshet::pg_text {
namespace {

// Decimal exponents from -4 to below `fixed_below` are written out, others with an exponent of at least two
// digits; std::to_chars chooses the same digits, and writes both forms the same way.
template <class Float>
void append_shortest(std::string& to, Float value, int fixed_below) {
  if (std::isnan(value)) return void(to += "NaN");
  if (std::isinf(value)) return void(to += value > 0 ? "Infinity" : "-Infinity");
  char text[64] = {};
  char* end = std::to_chars(text, text + sizeof text, value, std::chars_format::scientific).ptr;
  const std::string_view scientific(text, static_cast<std::size_t>(end - text));
  const int exponent = std::atoi(scientific.data() + scientific.find('e') + 1);
  if (exponent >= -4 && exponent < fixed_below)
    end = std::to_chars(text, text + sizeof text, value, std::chars_format::fixed).ptr;
  to.append(text, static_cast<std::size_t>(end - text));
}

}  // namespace

void append_float4(std::string& to, float value) {
  append_shortest(to, value, 6);
}

void append_float8(std::string& to, double value) {
  append_shortest(to, value, 15);
}

}  // namespace freshet::pg_text
