#include "adapter/http/request.h"

#include <algorithm>
#include <cctype>

#include "base/error.h"

namespace freshet::http {
namespace {

char lower(char letter) {
  return static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
}

int hex_digit(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  const char letter = lower(digit);
  return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

char decode_byte(std::string_view escape) {
  const int high = escape.size() > 2 ? hex_digit(escape[1]) : -1;
  const int low = escape.size() > 2 ? hex_digit(escape[2]) : -1;
  if (high < 0 || low < 0) {
    throw Error(ErrorKind::data, "the URL has a '%' without two hex digits", "send '%' itself as %25");
  }
  return static_cast<char>(high * 16 + low);
}

enum class Plus { is_plus, is_blank };

std::string decode(std::string_view text, Plus plus) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '%') {
      out += decode_byte(text.substr(at, 3));
      at += 2;
    } else {
      out += text[at] == '+' && plus == Plus::is_blank ? ' ' : text[at];
    }
  }
  return out;
}

// Takes the text before `separator` off the front of `rest`; all of it when there is none.
std::string_view take_until(std::string_view& rest, char separator) {
  const std::size_t end = rest.find(separator);
  const std::string_view taken = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  return taken;
}

// As a request to a proxy has it: "http://host/path".
std::string_view without_host(std::string_view target) {
  constexpr std::string_view kScheme = "http://";
  if (!equal_ignoring_case(target.substr(0, kScheme.size()), kScheme)) return target;
  const std::size_t host_end = target.find_first_of("/?", kScheme.size());
  return host_end == std::string_view::npos ? std::string_view("/") : target.substr(host_end);
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

const std::string* find(const std::vector<std::pair<std::string, std::string>>& pairs, auto&& matches) {
  const auto found = std::ranges::find_if(pairs, [&](const auto& pair) { return matches(pair.first); });
  return found == pairs.end() ? nullptr : &found->second;
}

}  // namespace

const std::string* Request::parameter(std::string_view name) const {
  return find(parameters, [&](const std::string& candidate) { return candidate == name; });
}

const std::string* Request::header(std::string_view name) const {
  return find(headers, [&](const std::string& candidate) { return equal_ignoring_case(candidate, name); });
}

void parse_target(std::string_view target, Request& into) {
  target = without_host(target.substr(0, target.find('#')));
  into.path = decode(take_until(target, '?'), Plus::is_plus);
  if (into.path.empty()) into.path = "/";
  while (!target.empty()) {
    std::string_view value = take_until(target, '&');
    const std::string_view name = take_until(value, '=');
    if (!name.empty()) {
      into.parameters.emplace_back(decode(name, Plus::is_blank), decode(value, Plus::is_blank));
    }
  }
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

bool list_names(std::string_view list, std::string_view token) {
  while (!list.empty()) {
    std::string_view quality = take_until(list, ',');
    const std::string_view name = trim(take_until(quality, ';'));
    if (!equal_ignoring_case(name, token)) continue;
    quality = trim(quality);
    return !(quality.starts_with("q=0") && quality.find_first_of("123456789") == std::string_view::npos);
  }
  return false;
}

std::string_view reason(int status) {
  switch (status) {
    case 200: return "OK";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 304: return "Not Modified";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 411: return "Length Required";
    case 413: return "Content Too Large";
    case 415: return "Unsupported Media Type";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 503: return "Service Unavailable";
    default: return status < 400 ? "OK" : "Error";
  }
}

}  // namespace freshet::http
