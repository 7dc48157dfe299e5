// Unfit: why a value can't be held exactly by its mirror column. Expected per record, so a value and no
// exception: its change goes to quarantine, or, where the contract says so by name, the value becomes a
// counted NULL.
#pragma once

#include <cstdint>
#include <string_view>

namespace freshet::load {

enum class Unfit : std::uint8_t {
  null,          // NULL where the contract says there is none
  nan,           // a numeric's NaN for a Decimal
  infinity,      // of a numeric, date or timestamp
  out_of_range,  // a date, timestamp or number beyond the mirror's type
  fraction,      // more digits after the point than the contract's Decimal holds
  dimensions,    // an array of more than one dimension, or that doesn't begin at 1
  binary_form,   // a type whose binary form isn't known
  malformed,     // bytes that aren't a value of the type
  unchanged,     // unchanged TOAST that nobody has filled
};

// One word: "out_of_range".
std::string_view to_string(Unfit unfit);
// For people, after the column's name: "is infinite, which a Date32 or DateTime64 can't be".
std::string_view explain(Unfit unfit);
// What makes room for it in the column's contract; mending the source takes nothing back that the journal
// holds.
std::string_view way_out(Unfit unfit);
// Whether a column of PostgreSQL's text (clickhouse_type: String) would hold it.
bool fits_as_text(Unfit unfit);

}  // namespace freshet::load
