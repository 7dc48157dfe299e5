// What can happen to a row whose document is stored out of line (TOAST): every kind of change, with the
// document sent and left out, alone and one after another.
#pragma once

#include <string>
#include <vector>

namespace freshet::test {

struct ToastCase {
  const char* name;
  // SQL; @t is the table, @0 and @1 the keys of two rows that are there, @2 a free one. doc(number) makes a
  // document that is stored out of line.
  std::vector<std::string> steps;
};

const std::vector<ToastCase>& toast_cases();

// A step for the rows at and after key `id`.
std::string on_rows(std::string step, const std::string& table, int id);

}  // namespace freshet::test
