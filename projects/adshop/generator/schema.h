// The reference database's DDL, carried in the program.
#pragma once

namespace freshet::postgres {
class Connection;
}

namespace freshet::adshop {

// Types, tables, partitions around today, publication. Throws SqlError when the schema is there already.
void create_schema(postgres::Connection& connection);

}  // namespace freshet::adshop
