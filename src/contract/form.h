// The forms of short texts in a project's files. Written out, not as std::regex, which takes stack for every
// letter of a text that somebody else chose. Pure.
#pragma once

#include <optional>
#include <string_view>

namespace freshet::contract {

// PostgreSQL's rule: lower-case letters, digits and '_', 63 at most.
bool is_slot_name(std::string_view text);
// What may begin the name of a topic or a resource: lower-case letters, digits and '-' between them, 63 at
// most.
bool is_project_name(std::string_view text);
// What may begin a topic's name, and leaves room for schema and table: letters, digits, '.', '_' and '-', 120
// at most.
bool is_topic_prefix(std::string_view text);
// Of librdkafka's properties, one whose value nobody else may see.
bool is_secret_property(std::string_view name);
// "127.0.0.1:8080", "[::1]:8080", "localhost:0".
bool is_listen_address(std::string_view text);
// "v3.1.0", any of version 3.
bool is_version_three(std::string_view text);
// Of a PostgreSQL URL or connection string.
bool holds_password(std::string_view url);
// NAME of "${NAME}".
std::optional<std::string_view> variable_in(std::string_view text);

}  // namespace freshet::contract
