// Comparing and completing the old and new image of an updated row, field by field. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace freshet::capture {

// Both tuples agree in the columns marked in `key`. Unchanged TOAST in the new one agrees with anything.
bool same_key(std::string_view old_row, std::string_view new_row, const std::vector<bool>& key);

// The new row with each unchanged TOAST value taken from the old one, which has them all (REPLICA IDENTITY
// FULL). `buffer` holds the result where there was something to fill.
std::string_view fill_unchanged(std::string_view old_row, std::string_view new_row, std::string& buffer);

}  // namespace freshet::capture
