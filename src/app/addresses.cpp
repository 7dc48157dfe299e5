#include "app/addresses.h"

#include "adapter/postgres/address.h"

namespace freshet::app {

std::string source_address(const contract::SourceSettings& source, const contract::Environment& environment) {
  std::string url = source.url.resolve(environment);
  if (!source.password) return url;
  return postgres::with_password(url, source.password->resolve(environment));
}

std::optional<clickhouse::Endpoint> clickhouse_address(const contract::ClickHouseSettings& settings,
                                                       const contract::Environment& environment) {
  if (settings.embedded()) return std::nullopt;
  const std::string password = settings.password ? settings.password->resolve(environment) : "";
  return clickhouse::Endpoint(settings.url->resolve(environment), {settings.user, password});
}

}  // namespace freshet::app
