// The engine's own configuration, written before it opens: memory, the two roles and what they may do.
#pragma once

#include <cstdint>
#include <filesystem>

namespace freshet::store {

struct Folders {
  std::filesystem::path data;  // the engine's
  std::filesystem::path
      run;  // working directory: the engine would load a config.xml it finds in a foreign one
  std::filesystem::path config;  // the file below
};

// Makes the folders below `root` and writes config.xml and users.xml. `memory_bytes`: what the process may
// take.
Folders write_config(const std::filesystem::path& root, std::uint64_t memory_bytes);

// Half of what this machine, or its control group, has.
std::uint64_t default_memory();

}  // namespace freshet::store
