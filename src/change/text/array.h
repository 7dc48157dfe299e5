// Arrays in PostgreSQL's binary and text forms, one element at a time.
//
// binary := dimensions:int32 has_nulls:int32 element_oid:int32 (length:int32 lower_bound:int32)*
//           (size:int32 byte* | -1)*                                     all in network order
// text   := {1,NULL,"a \"b\""}, with more dimensions {{1},{2}}, with lower bounds [0:1]={1,2}
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "change/tuple.h"

namespace freshet::pg_text {

inline constexpr int kMaxDimensions = 6;

class BinaryArray {
 public:
  struct Dimension {
    std::int32_t length = 0;
    std::int32_t lower_bound = 1;
  };

  // Nothing when the header isn't one of an array.
  static std::optional<BinaryArray> read(std::string_view bytes);

  // An empty array has none.
  int dimensions() const { return dimensions_; }
  const Dimension& dimension(int i) const { return shape_[static_cast<std::size_t>(i)]; }
  std::int64_t elements() const { return elements_; }
  // One-dimensional from 1 on, or empty.
  bool plain() const { return dimensions_ == 0 || (dimensions_ == 1 && shape_[0].lower_bound == 1); }

  // The next element, NULL or binary. Nothing when the bytes end early; call it elements() times.
  std::optional<Field> next();
  bool at_end() const { return left_.empty(); }

 private:
  int dimensions_ = 0;
  std::array<Dimension, kMaxDimensions> shape_{};
  std::int64_t elements_ = 0;
  std::string_view left_;
};

// Walks a one-dimensional array's text. Each element is NULL or text, unescaped; it stays valid until the
// next call.
class TextArray {
 public:
  enum class Step { element, end, not_plain, malformed };

  explicit TextArray(std::string_view text) : left_(text) {}

  // not_plain: more dimensions, or lower bounds that are written out.
  Step next(Field& element);

 private:
  Step begin();
  Step quoted(Field& element);
  Step bare(Field& element);

  std::string_view left_;
  bool begun_ = false;
  std::string unescaped_;
};

// One element of an array's text, quoted where array_out would.
void append_element(std::string& to, std::string_view text);

// Writes an array's text; the elements come as text, in order.
class ArrayWriter {
 public:
  ArrayWriter(std::string& to, const BinaryArray& array);

  void append_null();
  void append(std::string_view text);

 private:
  void separate();
  void append_bounds();
  void close_full_dimensions();

  std::string& to_;
  const BinaryArray& array_;
  std::array<std::int32_t, kMaxDimensions> position_{};
};

}  // namespace freshet::pg_text
