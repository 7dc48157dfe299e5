// What a project asks of its source, for capture's start, the look ahead of a first start, and the doctor.
// Any thread; on the caller's connection.
#pragma once

#include <vector>

#include "adapter/postgres/connection.h"
#include "capture/source_check.h"
#include "contract/contract.h"
#include "contract/project.h"

namespace freshet::app {

// Of the contracts that are streamed.
std::vector<capture::StreamedTable> streamed_tables(const std::vector<contract::StreamContract>& contracts);

// Whether there is no publication yet. Then the tables get the column lists with which to make it: a project
// that was just written comes up by itself, where its user may create a publication. Sets the session's
// search_path to nothing.
bool plan_publication(postgres::Connection& source, std::vector<capture::StreamedTable>& tables,
                      const std::vector<contract::StreamContract>& contracts,
                      const contract::SourceSettings& settings);

// All of it. `first_start`: neither slot nor journal are there. Throws Error{unsupported} where the server is
// too old to be asked.
capture::SourceWishes source_wishes(postgres::Connection& source, const contract::Project& project,
                                    const std::vector<contract::StreamContract>& contracts, bool first_start);

}  // namespace freshet::app
