#include "change/text/array.h"

#include <algorithm>
#include <charconv>

namespace freshet::pg_text {
namespace {

constexpr std::string_view kNull = "NULL";

bool is_null_word(std::string_view text) {
  const auto upper = [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; };
  return std::ranges::equal(text, kNull, {}, upper);
}

// As array_out decides it.
bool needs_quotes(std::string_view text) {
  return text.empty() || is_null_word(text) ||
         text.find_first_of("\"\\{}, \t\n\r\v\f") != std::string_view::npos;
}

void append_number(std::string& to, std::int64_t value) {
  char digits[20];
  to.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

}  // namespace

std::optional<BinaryArray> BinaryArray::read(std::string_view bytes) {
  constexpr std::size_t kHeaderBytes = 12;
  constexpr std::size_t kDimensionBytes = 8;
  constexpr std::int64_t kMaxElements = 1 << 28;  // PostgreSQL's own limit is below
  if (bytes.size() < kHeaderBytes) return std::nullopt;
  BinaryArray array;
  array.dimensions_ = load_be<std::int32_t>(bytes.data());
  if (array.dimensions_ < 0 || array.dimensions_ > kMaxDimensions ||
      bytes.size() < kHeaderBytes + kDimensionBytes * static_cast<std::size_t>(array.dimensions_))
    return std::nullopt;
  array.left_ = bytes.substr(kHeaderBytes);
  array.elements_ = array.dimensions_ == 0 ? 0 : 1;
  for (int i = 0; i < array.dimensions_; ++i) {
    Dimension& dimension = array.shape_[static_cast<std::size_t>(i)];
    dimension.length = load_be<std::int32_t>(array.left_.data());
    dimension.lower_bound = load_be<std::int32_t>(array.left_.data() + 4);
    array.left_.remove_prefix(kDimensionBytes);
    if (dimension.length < 0) return std::nullopt;
    array.elements_ *= dimension.length;
    if (array.elements_ > kMaxElements) return std::nullopt;
  }
  return array;
}

std::optional<Field> BinaryArray::next() {
  if (left_.size() < 4) return std::nullopt;
  const auto size = load_be<std::int32_t>(left_.data());
  left_.remove_prefix(4);
  if (size == -1) return Field{Form::null, {}};
  if (size < 0 || static_cast<std::size_t>(size) > left_.size()) return std::nullopt;
  const Field element{Form::binary, left_.substr(0, static_cast<std::size_t>(size))};
  left_.remove_prefix(element.bytes.size());
  return element;
}

TextArray::Step TextArray::begin() {
  begun_ = true;
  if (left_.starts_with('[')) return Step::not_plain;
  if (!left_.starts_with('{') || !left_.ends_with('}')) return Step::malformed;
  left_.remove_prefix(1);
  if (left_ != "}") return Step::element;
  left_ = {};
  return Step::end;
}

TextArray::Step TextArray::next(Field& element) {
  if (!begun_) {
    if (const Step first = begin(); first != Step::element) return first;
  } else {
    if (left_ == "}" || left_.empty()) return Step::end;
    if (left_.front() != ',') return Step::malformed;
    left_.remove_prefix(1);
  }
  if (left_.starts_with('{')) return Step::not_plain;
  return left_.starts_with('"') ? quoted(element) : bare(element);
}

TextArray::Step TextArray::quoted(Field& element) {
  left_.remove_prefix(1);
  unescaped_.clear();
  while (true) {
    const std::size_t stop = left_.find_first_of("\"\\");
    if (stop == std::string_view::npos) return Step::malformed;
    unescaped_ += left_.substr(0, stop);
    const bool closed = left_[stop] == '"';
    left_.remove_prefix(stop + 1);
    if (closed) break;
    if (left_.empty()) return Step::malformed;
    unescaped_ += left_.front();
    left_.remove_prefix(1);
  }
  element = {Form::text, unescaped_};
  return Step::element;
}

TextArray::Step TextArray::bare(Field& element) {
  const std::size_t stop = left_.find_first_of(",}");
  if (stop == 0 || stop == std::string_view::npos) return Step::malformed;
  const std::string_view text = left_.substr(0, stop);
  left_.remove_prefix(stop);
  element = text == kNull ? Field{Form::null, {}} : Field{Form::text, text};
  return Step::element;
}

void append_element(std::string& to, std::string_view text) {
  if (!needs_quotes(text)) {
    to += text;
    return;
  }
  to += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') to += '\\';
    to += c;
  }
  to += '"';
}

ArrayWriter::ArrayWriter(std::string& to, const BinaryArray& array) : to_(to), array_(array) {
  append_bounds();
  if (array.elements() == 0) to_ += "{}";
}

void ArrayWriter::append_bounds() {
  bool plain = true;
  for (int i = 0; i < array_.dimensions(); ++i) plain = plain && array_.dimension(i).lower_bound == 1;
  if (plain || array_.elements() == 0) return;
  for (int i = 0; i < array_.dimensions(); ++i) {
    const auto [length, lower_bound] = array_.dimension(i);
    to_ += '[';
    append_number(to_, lower_bound);
    to_ += ':';
    append_number(to_, std::int64_t{lower_bound} + length - 1);
    to_ += ']';
  }
  to_ += '=';
}

// Opens a brace for every dimension that is at its beginning, after a comma where something came before.
void ArrayWriter::separate() {
  int first_open = array_.dimensions();
  while (first_open > 0 && position_[static_cast<std::size_t>(first_open - 1)] == 0) --first_open;
  if (first_open > 0) to_ += ',';
  to_.append(static_cast<std::size_t>(array_.dimensions() - first_open), '{');
}

void ArrayWriter::close_full_dimensions() {
  for (int i = array_.dimensions() - 1; i >= 0; --i) {
    std::int32_t& position = position_[static_cast<std::size_t>(i)];
    if (++position < array_.dimension(i).length) return;
    position = 0;
    to_ += '}';
  }
}

void ArrayWriter::append_null() {
  separate();
  to_ += kNull;
  close_full_dimensions();
}

void ArrayWriter::append(std::string_view text) {
  separate();
  append_element(to_, text);
  close_full_dimensions();
}

}  // namespace freshet::pg_text
