// The project's text, as the rules of the house see it: what git tracks or would track.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace freshet::house {

struct SourceFile {
  std::string path;  // from the project's top: "src/base/error.h"
  std::vector<std::string> lines;

  bool is_header() const { return path.ends_with(".h"); }
  bool is_cpp() const { return is_header() || path.ends_with(".cpp"); }
  bool is_unit_test() const { return path.ends_with("_test.cpp"); }
  bool is_below(std::string_view folder) const { return path.starts_with(folder); }
};

// Everything but builds and binaries; read once.
const std::vector<SourceFile>& all_files();

// Where the project's top is.
std::string top();

// "path:line" for a message; `index` counts from 0.
std::string place(const SourceFile& file, std::size_t index);

}  // namespace freshet::house
