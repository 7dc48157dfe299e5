// What a publication shows of a contract's table: the columns that the contract takes, and no other ever
// reaches the WAL's stream. Pure.
#pragma once

#include <string>
#include <vector>

#include "contract/catalogue.h"
#include "contract/contract.h"

namespace freshet::contract {

// The columns that a publication made by us lists: none, which is all of them, unless the contract leaves
// some out. With a list PostgreSQL publishes no column that is added later.
std::vector<std::string> columns_to_publish(const StreamContract& contract, const CatalogueTable& table);

// The table as CREATE and ALTER PUBLICATION name it.
std::string publication_entry(const StreamContract& contract, const CatalogueTable& table);

// ALTER PUBLICATION … ADD TABLE …: the streamed ones of `contracts` that it lacks; empty: it lacks none, or
// isn't there, and the line's first start makes it. Throws Error{config|unsupported} where the table can't be
// published as its contract wants it.
std::string addition_to_publication(const Catalogue& catalogue, const std::string& publication,
                                    const std::vector<StreamContract>& contracts);

}  // namespace freshet::contract
