#include "contract/form.h"

#include <algorithm>
#include <charconv>

namespace freshet::contract {
namespace {

constexpr std::size_t kNameMax = 63;
constexpr std::size_t kTopicPrefixMax = 120;
constexpr std::string_view kBlanks = " \t\r\n\f\v";

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
bool is_hex(char c) {
  return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'f');
}
bool is_word(char c) {
  return is_digit(c) || is_lower(lower(c)) || c == '_';
}

// All of a text that has something.
template <class Letter>
bool made_of(std::string_view text, const Letter& letter) {
  return !text.empty() && std::all_of(text.begin(), text.end(), letter);
}

bool is_port(std::string_view text) {
  unsigned port = 0;
  return text.size() <= 5 && made_of(text, is_digit) &&
         std::from_chars(text.data(), text.data() + text.size(), port).ec == std::errc() && port <= 65535;
}

bool is_host(std::string_view text) {
  const bool bracketed = text.size() > 2 && text.front() == '[' && text.back() == ']';
  if (bracketed && made_of(text.substr(1, text.size() - 2), [](char c) { return is_hex(c) || c == ':'; }))
    return true;
  return !text.empty() && text.find(':') == text.npos && text.find_first_of(kBlanks) == text.npos;
}

// postgres://user:password@host
bool in_authority(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme == url.npos || !made_of(url.substr(0, scheme), is_lower)) return false;
  const std::string_view rest = url.substr(scheme + 3);
  const std::size_t end = rest.find_first_of("/@");
  if (end == rest.npos || rest[end] != '@') return false;
  const std::size_t colon = rest.find(':');
  return colon != rest.npos && colon + 1 < end;
}

// "password =…", whatever its case.
bool begins_with_password(std::string_view text) {
  constexpr std::string_view kKey = "password";
  const std::string_view key = text.substr(0, kKey.size());
  if (!std::equal(key.begin(), key.end(), kKey.begin(), kKey.end(),
                  [](char a, char b) { return lower(a) == b; }))
    return false;
  const std::size_t next = text.find_first_not_of(kBlanks, kKey.size());
  return next != text.npos && text[next] == '=';
}

bool in_parameters(std::string_view url) {
  for (std::size_t at = 0; at < url.size(); ++at) {
    const bool begins =
        at == 0 || url[at - 1] == '?' || url[at - 1] == '&' || kBlanks.find(url[at - 1]) != kBlanks.npos;
    if (begins && begins_with_password(url.substr(at))) return true;
  }
  return false;
}

}  // namespace

bool is_slot_name(std::string_view text) {
  return text.size() <= kNameMax &&
         made_of(text, [](char c) { return is_lower(c) || is_digit(c) || c == '_'; });
}

bool is_project_name(std::string_view text) {
  return text.size() <= kNameMax &&
         made_of(text, [](char c) { return is_lower(c) || is_digit(c) || c == '-'; }) &&
         text.front() != '-' && text.back() != '-';
}

bool is_topic_prefix(std::string_view text) {
  return text.size() <= kTopicPrefixMax &&
         made_of(text, [](char c) { return is_word(c) || c == '.' || c == '-'; });
}

bool is_secret_property(std::string_view name) {
  return name.ends_with("password") || name.ends_with("secret") || name == "ssl.key.pem" ||
         name == "sasl.oauthbearer.config";
}

bool is_listen_address(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  return colon != text.npos && is_host(text.substr(0, colon)) && is_port(text.substr(colon + 1));
}

bool is_version_three(std::string_view text) {
  constexpr std::string_view kMajor = "v3.";
  const std::size_t dot = text.rfind('.');
  return text.starts_with(kMajor) && dot >= kMajor.size() && dot != text.npos &&
         made_of(text.substr(kMajor.size(), dot - kMajor.size()), is_digit) &&
         made_of(text.substr(dot + 1), is_digit);
}

bool holds_password(std::string_view url) {
  return in_authority(url) || in_parameters(url);
}

std::optional<std::string_view> variable_in(std::string_view text) {
  if (!text.starts_with("${") || !text.ends_with('}') || text.size() < 4) return std::nullopt;
  const std::string_view name = text.substr(2, text.size() - 3);
  if (!made_of(name, is_word) || is_digit(name.front())) return std::nullopt;
  return name;
}

}  // namespace freshet::contract
