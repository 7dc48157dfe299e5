#include "journal/kafka/iso_time.h"

#include <algorithm>

#include "base/json_text.h"

namespace freshet::journal {
namespace {

constexpr std::string_view kZone = "+00";
constexpr std::size_t kDay = 10;      // 2024-01-31
constexpr std::size_t kSeconds = 19;  // 2024-01-31 12:34:56
constexpr std::size_t kDigits = 6;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// "2024-01-31 12:34:56", then nothing or ".", digits, the last of them no 0.
bool has_iso_form(std::string_view text) {
  constexpr std::string_view kForm = "0000-00-00 00:00:00";
  if (text.size() < kForm.size()) return false;
  for (std::size_t i = 0; i < kForm.size(); ++i)
    if (kForm[i] == '0' ? !is_digit(text[i]) : text[i] != kForm[i]) return false;
  text.remove_prefix(kForm.size());
  if (text.empty()) return true;
  return text.front() == '.' && text.size() > 1 && text.size() <= 1 + kDigits && text.back() != '0' &&
         std::ranges::all_of(text.substr(1), is_digit);
}

}  // namespace

void append_iso_time(std::string& to, std::string_view text, bool with_zone) {
  std::string_view local = text;
  if (with_zone && local.ends_with(kZone)) local.remove_suffix(kZone.size());
  if ((with_zone && local.size() == text.size()) || !has_iso_form(local)) return append_json_string(to, text);
  to += '"';
  to += local.substr(0, kDay);
  to += 'T';
  to += local.substr(kDay + 1, kSeconds - kDay - 1);
  to += '.';
  const std::string_view fraction = local.size() > kSeconds ? local.substr(kSeconds + 1) : std::string_view();
  to += fraction;
  to.append(kDigits - fraction.size(), '0');
  if (with_zone) to += 'Z';
  to += '"';
}

void append_from_iso_time(std::string& to, std::string_view iso) {
  if (iso.size() < kSeconds || iso[kDay] != 'T') {
    to += iso;
    return;
  }
  const bool zone = iso.ends_with('Z');
  if (zone) iso.remove_suffix(1);
  to += iso.substr(0, kDay);
  to += ' ';
  to += iso.substr(kDay + 1);
  if (iso.size() > kSeconds) {
    while (to.back() == '0') to.pop_back();
    if (to.back() == '.') to.pop_back();
  }
  if (zone) to += kZone;
}

}  // namespace freshet::journal
