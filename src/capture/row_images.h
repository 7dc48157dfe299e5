// Comparing and completing the old and new image of an updated row, field by field. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace freshet::capture {

// Both tuples agree in the columns marked in `key`. Unchanged TOAST in the new one agrees with anything.
bool same_key(std::string_view old_row, std::string_view new_row, const std::vector<bool>& key);

// The new row with each unchanged TOAST value taken from the old one. Such a value is never NULL: where the
// old one has NULL it wasn't sent, as of a partition that isn't FULL beneath a table that is, and stays
// unchanged. `buffer` holds the result where there was something to fill.
std::string_view fill_unchanged(std::string_view old_row, std::string_view new_row, std::string& buffer);

}  // namespace freshet::capture
