#include "load/types/unfit.h"

namespace freshet::load {

std::string_view to_string(Unfit unfit) {
  switch (unfit) {
    case Unfit::null: return "null";
    case Unfit::nan: return "nan";
    case Unfit::infinity: return "infinity";
    case Unfit::out_of_range: return "out_of_range";
    case Unfit::fraction: return "fraction";
    case Unfit::dimensions: return "dimensions";
    case Unfit::binary_form: return "binary_form";
    case Unfit::malformed: return "malformed";
    case Unfit::unchanged: return "unchanged";
  }
  return "unknown";
}

std::string_view explain(Unfit unfit) {
  switch (unfit) {
    case Unfit::null: return "is NULL where the contract says that it can't be";
    case Unfit::nan: return "is NaN, which the mirror's Decimal can't hold";
    case Unfit::infinity: return "is infinite, which the mirror's type can't hold";
    case Unfit::out_of_range: return "is out of the range of the mirror's type";
    case Unfit::fraction: return "has more digits after the point than the mirror's Decimal holds";
    case Unfit::dimensions: return "is an array of several dimensions or with a lower bound other than 1";
    case Unfit::binary_form: return "came in the binary form of a type that is only read as text";
    case Unfit::malformed: return "isn't a value of its type as PostgreSQL sends it";
    case Unfit::unchanged: return "wasn't sent (unchanged TOAST) and couldn't be filled";
  }
  return "can't be held";
}

std::string_view way_out(Unfit unfit) {
  switch (unfit) {
    case Unfit::null: return "let the column be NULL in its contract";
    case Unfit::nan: return "allow it in the column's contract, null_when: [nan] or clickhouse_type: String";
    case Unfit::infinity:
      return "allow it in the column's contract, null_when: [infinity] or clickhouse_type: String";
    case Unfit::out_of_range:
      return "allow it in the column's contract, null_when: [out_of_range] or clickhouse_type: String";
    case Unfit::fraction: return "give the column more digits in its contract, or clickhouse_type: String";
    case Unfit::dimensions: return "give the column clickhouse_type: String in its contract";
    case Unfit::binary_form:
    case Unfit::malformed:
    case Unfit::unchanged: break;
  }
  return "mend it at the source and have the table read again with freshet snapshot";
}

bool fits_as_text(Unfit unfit) {
  switch (unfit) {
    case Unfit::nan:
    case Unfit::infinity:
    case Unfit::out_of_range:
    case Unfit::fraction:
    case Unfit::dimensions: return true;
    case Unfit::null:
    case Unfit::binary_form:
    case Unfit::malformed:
    case Unfit::unchanged: return false;
  }
  return false;
}

}  // namespace freshet::load
