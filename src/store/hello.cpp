#include "store/hello.h"

#include "adapter/http/request.h"
#include "base/bytes.h"
#include "store/lexer.h"

namespace freshet::store {
namespace {

void append_text(std::string& to, std::string_view text) {
  append_varint(to, text.size());
  to += text;
}

void append_column_head(std::string& to, std::string_view name, std::string_view type) {
  append_text(to, name);
  append_text(to, type);
  to += '\0';  // no special serialization
}

void append_text_column(std::string& to, std::string_view name, std::string_view value) {
  append_column_head(to, name, "String");
  append_text(to, value);
}

}  // namespace

bool is_hello(std::string_view sql) {
  std::string joined;
  for (const Token& token : tokenize(sql)) joined += text_of(token, sql);
  return http::equal_ignoring_case(joined, "SELECTdisplayName(),version(),revision(),timezone()");
}

std::string hello_block(const Engine& engine) {
  std::string block;
  append_varint(block, 1);  // block info: field 1, is_overflows
  block += '\0';
  append_varint(block, 2);  // field 2, bucket_num
  append_le<std::int32_t>(block, -1);
  append_varint(block, 0);  // its end
  append_varint(block, 4);  // columns
  append_varint(block, 1);  // rows
  append_text_column(block, "displayName()", engine.display_name());
  append_text_column(block, "version()", engine.version());
  append_column_head(block, "revision()", "UInt32");
  append_le<std::uint32_t>(block, 0);
  append_text_column(block, "timezone()", engine.timezone());
  return block;
}

}  // namespace freshet::store
