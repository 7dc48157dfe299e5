// The columns of one table on both sides, as the two catalogues give them now.
#pragma once

#include <string>
#include <vector>

#include "adapter/clickhouse/client.h"
#include "adapter/postgres/connection.h"
#include "contract/contract.h"
#include "parity/canonical.h"

namespace freshet::parity {

struct ComparedTable {
  std::string name;         // for people: "app.orders"
  std::string source_from;  // for FROM: ONLY "app"."orders" AS t
  std::string mirror_name;  // "orders": raw.orders, src.orders
  std::string
      mirror_rows;  // a condition: those of src.orders that live; it keeps deleted ones where asked to
  std::vector<ComparedColumn> columns;
  std::vector<ComparedColumn> key;  // in its order
  bool key_in_byte_order = false;   // the first one is a text that the source sorts by its bytes
  bool periodic = false;
};

// Throws Error{schema} when the table or one of the contract's columns is missing on a side.
ComparedTable compared_table(const contract::StreamContract& contract, postgres::Connection& source,
                             clickhouse::Client& mirror);

}  // namespace freshet::parity
