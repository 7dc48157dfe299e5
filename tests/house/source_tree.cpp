#include "source_tree.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <stdexcept>

namespace freshet::house {
namespace {

std::string output_of(const std::string& command) {
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  if (pipe == nullptr) throw std::runtime_error("can't run " + command);
  std::string output;
  std::array<char, 4096> chunk{};
  while (const std::size_t got = fread(chunk.data(), 1, chunk.size(), pipe.get()))
    output.append(chunk.data(), got);
  return output;
}

std::vector<std::string> lines_of(const std::string& path) {
  std::ifstream in(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

bool is_text(std::string_view path) {
  for (const char* ending : {".png", ".svg", ".gz", ".zst", ".bin", ".jpg", ".ico", "package-lock.json"})
    if (path.ends_with(ending)) return false;
  return true;
}

std::vector<SourceFile> read_all() {
  std::vector<SourceFile> files;
  const std::string list =
      output_of("cd '" + top() + "' && git ls-files --cached --others --exclude-standard");
  for (std::size_t begin = 0, end; (end = list.find('\n', begin)) != std::string::npos; begin = end + 1) {
    const std::string path = list.substr(begin, end - begin);
    if (is_text(path)) files.push_back({path, lines_of(top() + "/" + path)});
  }
  if (files.empty()) throw std::runtime_error("no files found in " + top());
  return files;
}

}  // namespace

std::string top() {
  const char* folder = std::getenv("FRESHET_SOURCE_DIR");
  return folder == nullptr ? "." : folder;
}

const std::vector<SourceFile>& all_files() {
  static const std::vector<SourceFile> files = read_all();
  return files;
}

std::string place(const SourceFile& file, std::size_t index) {
  return file.path + ":" + std::to_string(index + 1);
}

}  // namespace freshet::house
