#include "app/command_line.h"

#include <CLI/CLI.hpp>
#include <iostream>

namespace freshet::app {
namespace {

constexpr const char* kIntroduction =
    "Carries every change of a PostgreSQL database into ClickHouse: exactly, in order, seconds behind.\n"
    "\n"
    "  freshet init my-project --source postgres://me@db/shop     write a project from a live database\n"
    "  freshet up my-project                                      run the whole line on this machine\n"
    "  freshet status                                             how it does\n";

constexpr const char* kFooter =
    "Everything that is kept lies in one folder (--data). Secrets come from the environment or from files "
    "that\n"
    "pipeline.yaml names, never from the command line. Every command has its own --help. Exit status 64: the "
    "command\n"
    "line itself is wrong.";

// What a command does: in the list of commands, and above its own options.
struct Help {
  const char* brief;
  const char* more;
};

constexpr Help kUp{"Run the whole line on this machine",
                   "Capture, the embedded journal, the embedded ClickHouse and load, with a status page, in "
                   "one process. Ctrl-C\n"
                   "stops it in order; the next start goes on where it was."};
constexpr Help kCapture{"Run capture alone",
                        "Reads the replication slot and the snapshots, and journals every change. Beside it "
                        "`freshet load` on the same\n"
                        "DATA does the rest."};
constexpr Help kLoad{"Run load alone",
                     "Brings what is journalled into ClickHouse, in consistent rounds, with a status page."};
constexpr Help kInit{"Write a project from an existing database",
                     "Writes pipeline.yaml, and a contract per table for you to review; reads the catalogue "
                     "only. What keeps a table\n"
                     "from being mirrored is printed with the statement that mends it."};
constexpr Help kStatus{"Ask the running process how the line does",
                       "Stages, streams, rates, lags, errors with their next step. Exit status 0: ready, 1: "
                       "not ready, 3: nothing runs\n"
                       "on this DATA."};

constexpr Help kParity{"Compare every mirror with its source table, key by key",
                       "Both sides are read while the line runs; keys that move meanwhile are compared "
                       "again. When nothing runs on\n"
                       "DATA, the line is run for as long as it takes. Exit status 0: all is equal, 1: "
                       "something differs (the keys\n"
                       "are listed), 2: something couldn't be decided, 3: it couldn't be compared at all."};

CLI::App* add_command(CLI::App& app, const std::string& name, const Help& help) {
  CLI::App* command = app.add_subcommand(name, help.brief);
  command->footer(help.more);
  return command;
}

void add_data(CLI::App& command, std::filesystem::path& data) {
  command.add_option("--data", data, "The folder that holds all state")
      ->envname("FRESHET_DATA")
      ->capture_default_str()
      ->type_name("DIR");
}

CLI::App* add_run(CLI::App& app, const std::string& name, const Help& help, RunCommand& run) {
  CLI::App* command = add_command(app, name, help);
  command->add_option("PROJECT", run.project, "The folder with pipeline.yaml and contracts/")
      ->required()
      ->type_name("");
  add_data(*command, run.data);
  command->add_flag("--quiet", run.quiet, "No progress on the terminal");
  return command;
}

CLI::App* add_init(CLI::App& app, InitCommand& init) {
  CLI::App* command = add_command(app, "init", kInit);
  command->add_option("DIR", init.dir, "The folder to write")->required()->type_name("");
  command
      ->add_option(
          "--source", init.source,
          "postgres://user@host/database, its password from FRESHET_SOURCE_PASSWORD or ~/.pgpass; without "
          "it FRESHET_SOURCE_URL says, now and to the project")
      ->type_name("URL");
  command->add_option("--name", init.name, "The project's name (default: the folder's)")->type_name("NAME");
  command->add_option("--schema", init.schemas, "Only these schemas; may be repeated")->type_name("SCHEMA");
  command->add_option("--publication", init.publication, "The publication to read")->capture_default_str();
  command->add_option("--slot", init.slot, "The replication slot to use")->capture_default_str();
  command->add_flag("--create-publication", init.create_publication,
                    "Create the publication, too, instead of printing its statement");
  return command;
}

CLI::App* add_status(CLI::App& app, StatusCommand& status) {
  CLI::App* command = add_command(app, "status", kStatus);
  add_data(*command, status.data);
  command
      ->add_option_function<int>(
          "--until-loaded", [&](int seconds) { status.until_loaded = std::chrono::seconds(seconds); },
          "Wait until every snapshot is complete and the line is ready, at most so long")
      ->check(CLI::PositiveNumber)
      ->type_name("SECONDS");
  command->add_flag("--json", status.json, "All of it, as JSON");
  return command;
}

CLI::App* add_parity(CLI::App& app, ParityCommand& parity) {
  CLI::App* command = add_command(app, "parity", kParity);
  command->add_option("PROJECT", parity.project, "Its folder; without it the one that runs on DATA")
      ->type_name("");
  add_data(*command, parity.data);
  command->add_option("--table", parity.table, "Only this one")->type_name("SCHEMA.TABLE");
  command->add_flag("--json", parity.json, "The report as JSON");
  return command;
}

}  // namespace

CommandLine parse_command_line(int argc, char** argv) {
  CLI::App app(kIntroduction, "freshet");
  app.footer(kFooter);
  app.require_subcommand(1);
  app.set_help_all_flag("--help-all", "The help of every command");

  RunCommand run;
  InitCommand init;
  StatusCommand status;
  ParityCommand parity;
  const CLI::App* up = add_run(app, "up", kUp, run);
  const CLI::App* capture = add_run(app, "capture", kCapture, run);
  const CLI::App* load = add_run(app, "load", kLoad, run);
  const CLI::App* init_command = add_init(app, init);
  const CLI::App* status_command = add_status(app, status);
  const CLI::App* parity_command = add_parity(app, parity);
  app.add_subcommand("version", "Print the version");

  if (argc == 1) {
    std::cout << app.help();
    return {std::nullopt, kWrongUsage};
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return {std::nullopt, app.exit(error) == 0 ? 0 : kWrongUsage};
  }
  if (up->parsed() || capture->parsed() || load->parsed()) {
    run.capture = !load->parsed();
    run.load = !capture->parsed();
    return {run};
  }
  if (init_command->parsed()) return {init};
  if (status_command->parsed()) return {status};
  if (parity_command->parsed()) return {parity};
  return {VersionCommand{}};
}

}  // namespace freshet::app
