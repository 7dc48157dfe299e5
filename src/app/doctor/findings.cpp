#include "app/doctor/findings.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "app/error_policy.h"
#include "base/utf8.h"

namespace freshet::app::doctor {
namespace {

constexpr int kNothingWrong = 0;
constexpr int kFound = 1;
constexpr int kNotLooked = 3;

const char* to_string(Severity severity) {
  switch (severity) {
    case Severity::error: return "error";
    case Severity::warning: return "warning";
    case Severity::ok: return "ok";
  }
  return "error";
}

auto count(const Findings& findings, Severity severity) {
  return std::ranges::count(findings.all(), severity, &Finding::severity);
}

std::string line_of(const Finding& finding) {
  const std::string of = finding.where.empty() ? "" : " of " + printable(finding.where);
  std::string text = fmt::format("{:<8} {}{}: {}\n", to_string(finding.severity), finding.check, of,
                                 printable(finding.what));
  if (!finding.mend.empty()) text += fmt::format("         -> {}\n", printable(finding.mend));
  return text;
}

}  // namespace

void Findings::ok(std::string check, std::string where, std::string what) {
  all_.push_back({Severity::ok, std::move(check), std::move(where), std::move(what), ""});
}
void Findings::warn(std::string check, std::string where, std::string what, std::string mend) {
  all_.push_back({Severity::warning, std::move(check), std::move(where), std::move(what), std::move(mend)});
}
void Findings::error(std::string check, std::string where, std::string what, std::string mend) {
  all_.push_back({Severity::error, std::move(check), std::move(where), std::move(what), std::move(mend)});
}
void Findings::error(std::string check, std::string where, const Error& found) {
  error(std::move(check), std::move(where), found.message(), hint_of(found));
}
void Findings::couldnt_look(std::string check, std::string where, const Error& failure) {
  looked_everywhere_ = false;
  const std::string next = failure.hint().empty() ? "is it up, and within reach from here?" : failure.hint();
  error(std::move(check), std::move(where), "couldn't be looked at: " + failure.message(), next);
}

int Findings::exit_status() const {
  if (!looked_everywhere_) return kNotLooked;
  const bool well = std::ranges::all_of(all_, [](const Finding& f) { return f.severity == Severity::ok; });
  return well ? kNothingWrong : kFound;
}

std::string to_text(const Findings& findings) {
  std::string text;
  for (const Severity severity : {Severity::error, Severity::warning, Severity::ok})
    for (const Finding& finding : findings.all())
      if (finding.severity == severity) text += line_of(finding);
  return text + fmt::format("\n{} errors, {} warnings, {} ok{}", count(findings, Severity::error),
                            count(findings, Severity::warning), count(findings, Severity::ok),
                            findings.looked_everywhere() ? "" : "; not all of it could be looked at");
}

std::string to_json(const Findings& findings) {
  nlohmann::ordered_json json;
  json["errors"] = count(findings, Severity::error);
  json["warnings"] = count(findings, Severity::warning);
  json["looked_everywhere"] = findings.looked_everywhere();
  json["findings"] = nlohmann::ordered_json::array();
  for (const Finding& finding : findings.all())
    json["findings"].push_back({{"severity", to_string(finding.severity)},
                                {"check", finding.check},
                                {"where", printable(finding.where)},
                                {"what", printable(finding.what)},
                                {"mend", printable(finding.mend)}});
  return json.dump(2);
}

}  // namespace freshet::app::doctor
