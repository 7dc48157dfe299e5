#include "app/command_line.h"

#include <CLI/CLI.hpp>
#include <iostream>
#include <tuple>

#include "app/variables.h"
#include "capture/notes.h"

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

constexpr Help kParity{
    "Compare every mirror with its source table, key by key",
    "Both sides are read while the line runs; keys that move meanwhile are compared "
    "again. When nothing runs on\n"
    "DATA, the line is run for as long as it takes. Exit status 0: all is equal, 1: "
    "something differs (the keys\n"
    "are listed), 2: something couldn't be decided, 3: it couldn't be compared at all. With "
    "--repair, all of that after\n"
    "the repair."};

constexpr Help kSnapshot{
    "Read tables again, from their beginning",
    "The running process reads them beside their changes; all others stream on. Rows that "
    "are gone at the source\n"
    "go from the mirror at the end. It is remembered: also a process that is killed goes on "
    "with it at its next start."};

constexpr Help kDoctor{
    "Look for everything that can be wrong, before it goes wrong",
    "Source, publication, slot, tables, contracts, DATA and ClickHouse; each finding with "
    "the statement that mends it.\n"
    "Only reads, whether the line runs or not. Exit status 0: nothing is wrong, 1: something "
    "is, 3: not all of it\n"
    "could be looked at."};

constexpr Help kContract{
    "Check the contracts, or compare them with the source",
    "`check` needs no database: for the CI of the project's own Git. `diff` asks the live "
    "source."};

constexpr Help kQuarantine{"Changes that broke their contract, and wait",
                           "A change that its mirror can't hold waits with its reason, later ones of its key "
                           "behind it; all else goes on. Mend "
                           "the\n"
                           "contract as the hint says and start Freshet again: they come in, in order. Or "
                           "read the table again, with freshet\n"
                           "snapshot: what the source has by now takes their place."};
constexpr Help kQuarantineList{
    "What waits, and why",
    "Of each stream the first thousand changes. Exit status 0: nothing waits, 1: something "
    "does."};
constexpr Help kQuarantineShow{"One change with its values", "Its ID is what list prints."};
constexpr Help kQuarantineReplay{"Take up again what waits",
                                 "In order, under the contracts as they are now. Exit status 0: nothing "
                                 "waits any more, 1: some still breaks its "
                                 "contract."};
constexpr Help kQuarantineDrop{"Give up changes for good",
                               "They never reach the mirror, which may differ from its source for their keys "
                               "until the table is read again: "
                               "freshet\n"
                               "snapshot STREAM. What waits behind them is taken up again, and waits on "
                               "where it doesn't fit either. A change of a "
                               "key\n"
                               "goes whole: both of its halves. That they were given up, and why, is kept in "
                               "freshet.quarantine; their values "
                               "aren't.\n"
                               "Where the hint of freshet quarantine list can be followed nothing has to be "
                               "given up: what waits comes in then."};

constexpr Help kSweep{
    "Rows that a reading didn't see at the source",
    "A reading that would take much of a mirror away asks first: the source may have lost its rows by "
    "accident. The rows\n"
    "stay, and all else goes on, until somebody allows it, or refuses."};
constexpr Help kSweepList{"Which mirrors, and how many rows",
                          "Also what was refused. Exit status 0: nothing asks, 1: something does."};
constexpr Help kSweepAllow{"Let the rows go",
                           "With the stream's next round: exactly those that the reading didn't see and that "
                           "nothing has changed since."};
constexpr Help kSweepRefuse{"Keep the rows",
                            "The mirror then has more than its source, until the table is read again. The "
                            "reason is kept in freshet.sweeps."};

constexpr Help kStream{"Streams one by one",
                       "A stream is the changes of one table; each runs and stands alone."};
constexpr Help kStreamList{"How each stream stands", "As freshet status has them."};
constexpr Help kStreamPause{
    "Have streams stand where they are",
    "Over restarts, too. What comes waits in the journal, of which a stream that stands may hold a fifth."};
constexpr Help kStreamResume{"Have streams go on that were paused, or that stopped",
                             "From where they stand."};

constexpr Help kStreamAdd{
    "Take tables into the project",
    "Drafts their contracts as init does, adds them to the publication where this role may, and has the "
    "running process\n"
    "read them beside their changes. No other stream pauses for that."};
constexpr Help kStreamRemove{
    "Take tables out of the project",
    "Sets their contracts aside and takes them out of the publication; their mirrors stay as they are. "
    "The stages start\n"
    "anew for that, from where they stood. Added again, they are read from their beginning."};

constexpr Help kContractCheck{
    "Do all files parse, and can their mirrors be made?",
    "Needs no database. Exit status 0: all is well, 1: something isn't, with file and "
    "line."};

constexpr Help kContractDiff{
    "What does the source promise that its contracts don't, and the reverse?",
    "Each difference with what becomes of the stream, and the next step. Exit status "
    "0: the same, 1: it\n"
    "differs, 3: it couldn't be looked at."};

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
  command
      ->add_option("--kafka", run.kafka,
                   "The journal is in this Kafka cluster, whatever pipeline.yaml says: host:port,…")
      ->envname(kKafkaVariable)
      ->type_name("BROKERS");
  command
      ->add_option("--clickhouse", run.clickhouse,
                   "The mirrors are in this ClickHouse, likewise: http://host:8123")
      ->envname(kClickHouseVariable)
      ->type_name("URL");
  return command;
}

// What CLI11 says of a text that is none; empty: it is one.
std::string no_position(const std::string& text) {
  return capture::is_position_name(text)
             ? ""
             : "the position is eight of 0-9 and a-f, as the error that refuses the source names it";
}

void add_accept_source(CLI::App& command, RunCommand& run) {
  command
      .add_option("--accept-source", run.accept_source,
                  "Another source takes the place of the one that this position belongs to: every table is "
                  "read again. An error that refuses a source names the position")
      ->type_name("POSITION")
      ->check(no_position, "");
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
  command->add_option(
      "--slot", init.slot,
      "The replication slot to use (default: freshet, or freshet_DATABASE where another has that name)");
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
          "Wait until every snapshot is complete and the line is ready, at most so long; not for a stage "
          "that has "
          "failed")
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
  CLI::Option* repair = command->add_flag(
      "--repair", parity.repair, "Have the line read the keys that differ again, and compare them once more");
  command->add_flag("--yes", parity.removals_allowed, "Also where that takes many rows from a mirror")
      ->needs(repair);
  command->add_flag("--json", parity.json, "The report as JSON");
  return command;
}

CLI::App* add_snapshot(CLI::App& app, SnapshotCommand& snapshot) {
  CLI::App* command = add_command(app, "snapshot", kSnapshot);
  command
      ->add_option("TABLE", snapshot.tables, "schema.table, or its name alone where only one schema has it")
      ->required()
      ->type_name("");
  add_data(*command, snapshot.data);
  return command;
}

CLI::App* add_doctor(CLI::App& app, DoctorCommand& doctor) {
  CLI::App* command = add_command(app, "doctor", kDoctor);
  command->add_option("PROJECT", doctor.project, "Its folder; without it the one that runs on DATA")
      ->type_name("");
  add_data(*command, doctor.data);
  command->add_flag("--json", doctor.json, "The findings as JSON");
  return command;
}

void add_project(CLI::App& command, std::filesystem::path& project) {
  command.add_option("PROJECT", project, "The folder with pipeline.yaml and contracts/")
      ->capture_default_str()
      ->type_name("");
}

struct ContractCommands {
  const CLI::App* check;
  const CLI::App* diff;
};

ContractCommands add_contract(CLI::App& app, ContractCheckCommand& check, ContractDiffCommand& diff) {
  CLI::App* command = add_command(app, "contract", kContract);
  command->require_subcommand(1);
  CLI::App* check_command = add_command(*command, "check", kContractCheck);
  add_project(*check_command, check.project);
  CLI::App* diff_command = add_command(*command, "diff", kContractDiff);
  add_project(*diff_command, diff.project);
  diff_command->add_option("TABLE", diff.table, "Only this one: schema.table")->type_name("");
  return {check_command, diff_command};
}

template <class Command>
CLI::App* add_part(CLI::App& of, const char* name, const Help& help, Command& command,
                   typename Command::Does does) {
  CLI::App* part = add_command(of, name, help);
  add_data(*part, command.data);
  part->callback([&command, does] { command.does = does; });
  return part;
}

CLI::App* add_quarantine(CLI::App& app, QuarantineCommand& command) {
  using Does = QuarantineCommand::Does;
  CLI::App* quarantine = add_command(app, "quarantine", kQuarantine);
  quarantine->require_subcommand(1);
  const auto streams = [&](CLI::App* part, const char* help) {
    return part->add_option("STREAM", command.streams, help)->type_name("");
  };
  CLI::App* list = add_part(*quarantine, "list", kQuarantineList, command, Does::list);
  streams(list, "Only these: schema.table, or the table alone where only one schema has it");
  list->add_flag("--json", command.json, "All of it, as JSON");
  CLI::App* show = add_part(*quarantine, "show", kQuarantineShow, command, Does::show);
  show->add_option("STREAM", command.stream, "schema.table, or the table alone where only one schema has it")
      ->required()
      ->type_name("");
  show->add_option("ID", command.ids, "Of the change")->required()->expected(1)->type_name("");
  show->add_flag("--json", command.json, "As JSON");
  streams(add_part(*quarantine, "replay", kQuarantineReplay, command, Does::replay), "Only these");
  CLI::App* drop = add_part(*quarantine, "drop", kQuarantineDrop, command, Does::drop);
  drop->add_option("STREAM", command.stream, "schema.table, or the table alone where only one schema has it")
      ->required()
      ->type_name("");
  CLI::Option* ids =
      drop->add_option("ID", command.ids, "Of the changes, as freshet quarantine list has them; or --all")
          ->type_name("");
  drop->add_flag("--all", command.all, "All that waits of the stream")->excludes(ids);
  drop->add_option("--because", command.because, "Why they are given up")->required()->type_name("TEXT");
  return quarantine;
}

CLI::App* add_sweep(CLI::App& app, SweepCommand& command) {
  using Does = SweepCommand::Does;
  CLI::App* sweep = add_command(app, "sweep", kSweep);
  sweep->require_subcommand(1);
  const auto streams = [&](CLI::App* part) {
    part->add_option("STREAM", command.streams,
                     "schema.table, or the table alone where only one schema has it")
        ->required()
        ->type_name("");
    return part;
  };
  add_part(*sweep, "list", kSweepList, command, Does::list)
      ->add_flag("--json", command.json, "All of it, as JSON");
  streams(add_part(*sweep, "allow", kSweepAllow, command, Does::allow))
      ->add_option("--rows", command.rows, "Only if it is still about so many rows")
      ->type_name("N");
  streams(add_part(*sweep, "refuse", kSweepRefuse, command, Does::refuse))
      ->add_option("--because", command.because, "Why; it is kept")
      ->required()
      ->type_name("TEXT");
  return sweep;
}

CLI::App* add_stream(CLI::App& app, StreamCommand& command) {
  using Does = StreamCommand::Does;
  CLI::App* stream = add_command(app, "stream", kStream);
  stream->require_subcommand(1);
  add_part(*stream, "list", kStreamList, command, Does::list);
  for (const auto& [name, help, does] :
       {std::tuple("pause", kStreamPause, Does::pause), std::tuple("resume", kStreamResume, Does::resume)})
    add_part(*stream, name, help, command, does)
        ->add_option("STREAM", command.streams,
                     "schema.table, or the table alone where only one schema has it")
        ->required()
        ->type_name("");
  for (const auto& [name, help, does] :
       {std::tuple("add", kStreamAdd, Does::add), std::tuple("remove", kStreamRemove, Does::remove)}) {
    CLI::App* part = add_part(*stream, name, help, command, does);
    part->add_option("TABLE", command.streams, "schema.table, or its name alone where only one schema has it")
        ->required()
        ->type_name("");
    part->add_option("--project", command.project, "Its folder; without it the one that runs on DATA")
        ->type_name("DIR");
  }
  return stream;
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
  SnapshotCommand snapshot;
  CLI::App* up = add_run(app, "up", kUp, run);
  CLI::App* capture = add_run(app, "capture", kCapture, run);
  for (CLI::App* command : {up, capture}) add_accept_source(*command, run);
  const CLI::App* load = add_run(app, "load", kLoad, run);
  const CLI::App* init_command = add_init(app, init);
  const CLI::App* status_command = add_status(app, status);
  const CLI::App* parity_command = add_parity(app, parity);
  const CLI::App* snapshot_command = add_snapshot(app, snapshot);
  QuarantineCommand quarantine;
  const CLI::App* quarantine_command = add_quarantine(app, quarantine);
  SweepCommand sweep;
  const CLI::App* sweep_command = add_sweep(app, sweep);
  StreamCommand stream;
  const CLI::App* stream_command = add_stream(app, stream);
  DoctorCommand doctor;
  const CLI::App* doctor_command = add_doctor(app, doctor);
  ContractCheckCommand check;
  ContractDiffCommand diff;
  const ContractCommands contract = add_contract(app, check, diff);
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
  if (snapshot_command->parsed()) return {snapshot};
  if (quarantine_command->parsed()) return {quarantine};
  if (sweep_command->parsed()) return {sweep};
  if (stream_command->parsed()) return {stream};
  if (doctor_command->parsed()) return {doctor};
  if (contract.check->parsed()) return {check};
  if (contract.diff->parsed()) return {diff};
  return {VersionCommand{}};
}

}  // namespace freshet::app
