#include "capture/row_images.h"

#include "change/tuple.h"

namespace freshet::capture {
namespace {

bool has_unchanged(std::string_view row) {
  for (TupleReader reader(row); !reader.at_end();) {
    if (reader.next().form == Form::unchanged) return true;
  }
  return false;
}

}  // namespace

bool same_key(std::string_view old_row, std::string_view new_row, const std::vector<bool>& key) {
  TupleReader before(old_row);
  TupleReader after(new_row);
  for (const bool in_key : key) {
    const Field old_field = before.next();
    const Field new_field = after.next();
    if (in_key && new_field.form != Form::unchanged && old_field != new_field) return false;
  }
  return true;
}

std::string_view fill_unchanged(std::string_view old_row, std::string_view new_row, std::string& buffer) {
  if (!has_unchanged(new_row)) return new_row;
  buffer.clear();
  TupleReader before(old_row);
  for (TupleReader after(new_row); !after.at_end();) {
    const Field old_field = before.next();
    const Field new_field = after.next();
    const bool taken = new_field.form == Form::unchanged && !old_field.null();
    append_field(buffer, taken ? old_field : new_field);
  }
  return buffer;
}

}  // namespace freshet::capture
