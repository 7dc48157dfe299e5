// inet, cidr and macaddr: from PostgreSQL's binary form to its text. False, and nothing appended, when the
// bytes aren't one.
#pragma once

#include <string>
#include <string_view>

namespace freshet::pg_text {

// "10.0.0.1", "10.0.0.0/8", "2001:db8::1/64", "::ffff:1.2.3.4". A cidr always shows its mask, an inet when it
// isn't the whole address. The bytes themselves say which of both they are.
bool append_inet(std::string& to, std::string_view binary);
// "08:00:2b:01:02:03"
bool append_macaddr(std::string& to, std::string_view binary);

}  // namespace freshet::pg_text
