// What is fuzzed: functions of bytes that return, whatever the bytes are. Each feeds them to code that reads
// what comes from outside, lets that refuse with its own error, and CHECKs what must hold of all it accepts.
// libFuzzer calls them by entry.cpp, the unit tests by corpus_test.cpp.
#pragma once

#include <string_view>

namespace freshet::fuzz {

void envelope(std::string_view bytes);
void pgoutput(std::string_view bytes);
void record(std::string_view bytes);
void segments(std::string_view bytes);
void requests(std::string_view bytes);
void yaml(std::string_view bytes);

}  // namespace freshet::fuzz
