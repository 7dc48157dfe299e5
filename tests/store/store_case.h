// What every test of the store has: the server (shared by the tests of one program) and a database of its
// own.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "http_call.h"
#include "support/store.h"

namespace freshet::store {

class StoreCase : public testing::Test {
 protected:
  using Parameters = std::vector<std::pair<std::string, std::string>>;

  static test::TestStore& server() {
    static test::TestStore store;
    return store;
  }

  // POST, the statement in the body.
  static Answer post(const std::string& sql, const Parameters& parameters = {},
                     const std::vector<std::string>& headers = {}) {
    return send({.url = server().url(), .parameters = parameters, .body = sql, .headers = headers});
  }
  // The body of an answer that has to be good.
  static std::string run(const std::string& sql, const Parameters& parameters = {}) {
    const Answer answer = post(sql, parameters);
    EXPECT_EQ(answer.status, 200) << sql << "\n" << answer.body;
    return answer.body;
  }
  static bool runs_query_like(const std::string& text) {
    return run("SELECT count() FROM system.processes WHERE query LIKE '%" + text +
               "%' AND query NOT LIKE '%processes%'") != "0\n";
  }

  test::StoreDatabase database_{server().url()};
  const std::string table_ = database_.name() + ".t";
};

}  // namespace freshet::store
