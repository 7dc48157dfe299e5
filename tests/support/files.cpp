#include "support/files.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace freshet::test {

namespace fs = std::filesystem;

std::string contents(const std::string& path) try {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
} catch (const std::ios_base::failure&) {  // while it was being read
  return "";
}

void edit_file(const std::string& path, const std::string& from, const std::string& to) {
  std::string text = contents(path);
  const std::size_t at = text.find(from);
  if (at == std::string::npos) throw std::runtime_error(path + " doesn't say " + from + ":\n" + text);
  std::ofstream(path) << text.replace(at, from.size(), to);
}

std::string text_in(const std::string& json, const std::string& name) {
  const std::size_t key = json.find('"' + name + '"');
  if (key == std::string::npos) return "";
  const std::size_t begin = json.find('"', json.find(':', key)) + 1;
  return json.substr(begin, json.find('"', begin) - begin);
}

std::string built(const std::string& program) {
  if (const char* build = std::getenv("FRESHET_BUILD_DIR")) return (fs::path(build) / program).string();
  for (fs::path folder = fs::read_symlink("/proc/self/exe").parent_path(); folder != folder.root_path();
       folder = folder.parent_path())
    if (fs::exists(folder / program)) return (folder / program).string();
  throw std::runtime_error("no " + program + " above this test's program; set FRESHET_BUILD_DIR");
}

}  // namespace freshet::test
