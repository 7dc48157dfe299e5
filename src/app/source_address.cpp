#include "app/source_address.h"

#include "adapter/postgres/address.h"

namespace freshet::app {

std::string source_address(const contract::SourceSettings& source, const contract::Environment& environment) {
  const std::string url = source.url.resolve(environment);
  if (!source.password) return url;
  return postgres::with_password(url, source.password->resolve(environment));
}

}  // namespace freshet::app
