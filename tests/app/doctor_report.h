// `freshet doctor` as the tests ask it: whatever it finds to be wrong must come with what mends it.
#pragma once

#include <string>
#include <vector>

#include "freshet_process.h"

namespace freshet::test {

// Adds a failure to the test for every error and warning without a mending statement, in text and in JSON.
Ended doctor(const Installation& line, const std::vector<std::string>& more = {},
             const std::vector<std::string>& environment = {});

// Of --json: what mends the finding whose text holds `what`; empty where there is none.
std::string mend_of(const std::string& json, const std::string& what);

}  // namespace freshet::test
