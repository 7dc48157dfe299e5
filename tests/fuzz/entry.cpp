// Where libFuzzer comes in; built once for each target.
#include <cstddef>
#include <cstdint>

#include "fuzz/targets.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  freshet::fuzz::FRESHET_FUZZ_TARGET({reinterpret_cast<const char*>(data), size});
  return 0;
}
