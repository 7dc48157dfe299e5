#include "schema.h"

#include "adapter/postgres/connection.h"
#include "ddl.h"

namespace freshet::adshop {

void create_schema(postgres::Connection& connection) {
  connection.run("BEGIN");
  for (const char* statements : kDdl) connection.run(statements);
  connection.run(
      "SELECT app.ensure_partitions((now() - interval '2 months')::date, (now() + interval '6 "
      "months')::date)");
  connection.run("COMMIT");
}

}  // namespace freshet::adshop
