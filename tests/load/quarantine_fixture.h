// What the tests of quarantine share: a rig whose contract can be mended.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "load/quarantined.h"
#include "load/rig.h"

namespace freshet::test {

using load::StreamState;

inline Row row(std::int64_t id, const char* name, const char* doc = "d", const char* amount = "1.50") {
  return {id, name, doc, amount};
}

class Quarantine : public testing::Test {
 protected:
  void SetUp() override { rig.start(); }

  // The contract takes a NaN for NULL from now on.
  void mend() {
    rig.stop();
    rig.change_contracts(lenient_contracts());
    rig.start();
    rig.settle();
  }
  load::Replayed replay(const std::string& table) {
    const std::vector<load::Replayed> replayed = rig.load().replay({"app." + table}).get();
    rig.settle();
    return replayed.at(0);
  }
  // What waited was taken up again, by itself.
  bool comes_in(const std::string& table) {
    return eventually([&] { return status(table).state == StreamState::running; });
  }
  load::TableStatus status(const std::string& table) { return *rig.status_of("app." + table); }
  std::string outcomes() {
    return rig.client().value(
        "SELECT arrayStringConcat(arraySort(groupArray(outcome)), ',') FROM freshet.quarantine WHERE outcome "
        "!= ''");
  }

  Rig rig;
  Source& source = rig.source();
};

}  // namespace freshet::test
