// From an existing database to a project: the contracts as a first draft for review, what keeps a table from
// being mirrored together with the statement that mends it, and the publication to create.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "contract/catalogue.h"
#include "contract/contract.h"

namespace freshet::contract {

// Something that a person should know or do before the first start.
struct Remark {
  TableName table;
  std::string text;
  std::string statement;  // SQL that mends it, or another next step, or empty
  bool left_out = false;  // the table has no contract because of it
};

struct Draft {
  std::vector<StreamContract> contracts;  // with mirrors named
  std::vector<Remark> remarks;
  std::string publication_sql;  // CREATE PUBLICATION, where there is none
};

// Why a drafted contract can't be mirrored after all, and the next step; nothing: it can.
using DraftCheck = std::function<std::optional<Error>(const StreamContract&)>;

// Columns that look like secrets stay out, unless a publication lists them; with a publication its column
// lists hold, and small tables outside of it are drafted as periodic.
Draft draft_contracts(const Catalogue& catalogue, const std::string& publication,
                      const DraftCheck& check = {});

// All of these tables as streamed ones, for a project that has others. (What its publication then lacks:
// publication.h.)
Draft draft_added(const Catalogue& catalogue, const std::string& publication, const DraftCheck& check = {});

// Personal data by a column's name: "pii.email"; empty: none that we know. A guess for the reviewer to
// correct.
std::string guess_classification(const CatalogueColumn& column);
// password_hash, access_token_enc, api_key …: what no copy should hold.
bool looks_secret(std::string_view column_name);

// The contract's file below contracts/: "orders.yaml", or "app.orders.yaml" when the project has several
// schemas. What could harm a path is escaped.
std::string contract_file_name(const TableName& table, bool with_schema);

struct InitOptions {
  std::string name;        // of the project
  std::string source_url;  // a password in it isn't written; its place is taken by a variable
  std::string publication = "freshet";
  std::string slot = "freshet";
  bool password_in_environment = false;  // FRESHET_SOURCE_PASSWORD has it: the project refers to that
};

// Writes DIR/pipeline.yaml and DIR/contracts/*.yaml. Throws Error{config} when one of them is there already.
void write_project(const std::filesystem::path& dir, const Draft& draft, const InitOptions& options);

// pipeline.yaml as write_project writes it.
std::string pipeline_yaml(const InitOptions& options, const std::vector<std::string>& schemas);

}  // namespace freshet::contract
