// The contracts of a line's project, changed as their reviewer does it, and the next steps that the status
// then gives, taken.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "app/line_status.h"
#include "contract/contract.h"
#include "line/mirrored.h"

namespace freshet::test {

// Of a line that is started later.
void change_contracts(const std::string& project,
                      const std::function<void(contract::StreamContract&)>& change);

// Every contract promises the columns that its table has now, what its columns were told stays. Takes what
// the table has lost out.
void follow_tables(Mirrored& line);

// Of a running line: its streams, none while it doesn't answer.
std::vector<app::StreamLine> streams_of(Mirrored& line);

// Runs in ClickHouse what the hints of stopped streams say, as whoever reads the status would: how many.
int alter_mirrors(Mirrored& line);

}  // namespace freshet::test
