// The version of this build, as CMake's project() has it. A constant.
#pragma once

#ifndef FRESHET_VERSION
#error "FRESHET_VERSION comes from CMakeLists.txt"
#endif

namespace freshet::app {

inline constexpr const char* kVersion = FRESHET_VERSION;

}  // namespace freshet::app
