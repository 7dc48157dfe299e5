// What contracts are called in ClickHouse: two things that would get one name, and names that it doesn't
// take, are found before anything is made there. Called by app when contracts are read or drafted; any
// thread.
#pragma once

#include <vector>

#include "contract/contract.h"

namespace freshet::load {

// ClickHouse takes 207 bytes in its longest database here; a frozen table puts its set's name before a
// mirror's.
inline constexpr std::size_t kTableNameMax = 207;
inline constexpr std::size_t kMirrorNameMax = kTableNameMax - 32;

// Throws Error{config}, with the contract's file and line, where columns of the mirror can't be called what
// the rules say: another column's companion, or a column of Freshet's or ClickHouse's own, has that name.
void check_names(const contract::StreamContract& contract);

// Each of them, and all beside each other: mirrors and lookups.
void check_names(const std::vector<contract::StreamContract>& contracts);

}  // namespace freshet::load
