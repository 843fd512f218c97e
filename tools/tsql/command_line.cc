#include "tools/tsql/command_line.h"

#include <getopt.h>

#include "engine/base/strings.h"

namespace tsd::tsql {

const char kUsage[] =
    "tsql is the shell of tsd.\n\n"
    "usage: tsql [OPTION]... [DBNAME|URI [USER]]\n\n"
    "  -h, --host=HOST  -p, --port=PORT  -U, --username=NAME  -d, --dbname=NAME or connection string\n"
    "  -c, --command=TEXT       run one command string or backslash command and exit (may be repeated)\n"
    "  -f, --file=FILE          run a file and exit\n"
    "  -1, --single-transaction run all of it in one transaction\n"
    "  -v, --set=NAME=VALUE     set a variable (ON_ERROR_STOP=1, VERBOSITY=verbose)\n"
    "  -o, --output=FILE        send results to a file\n"
    "  -q, --quiet              results only\n"
    "  -t, --tuples-only        rows only\n"
    "  -A, --no-align           unaligned;  -F, --field-separator=TEXT (default \"|\")\n"
    "  -x, --expanded           expanded rows\n"
    "      --csv                CSV\n"
    "  -P, --pset=NAME=VALUE    null=TEXT and fieldsep=TEXT\n"
    "  -X, -w                   accepted and without effect\n"
    "  -V, --version  -?, --help\n\n"
    "Defaults come from PGHOST, PGPORT, PGUSER, PGDATABASE and PGPASSWORD, else 127.0.0.1, 5440, tsdbadmin, tsdb.\n"
    "Exit codes: 0 done, 1 failed, 2 connection lost or refused, 3 a script stopped at an error (ON_ERROR_STOP).\n";

namespace {

constexpr int kCsvOption = 1000;

const option kLongOptions[] = {{"host", required_argument, nullptr, 'h'},
                               {"port", required_argument, nullptr, 'p'},
                               {"username", required_argument, nullptr, 'U'},
                               {"dbname", required_argument, nullptr, 'd'},
                               {"command", required_argument, nullptr, 'c'},
                               {"file", required_argument, nullptr, 'f'},
                               {"single-transaction", no_argument, nullptr, '1'},
                               {"set", required_argument, nullptr, 'v'},
                               {"variable", required_argument, nullptr, 'v'},
                               {"output", required_argument, nullptr, 'o'},
                               {"quiet", no_argument, nullptr, 'q'},
                               {"tuples-only", no_argument, nullptr, 't'},
                               {"no-align", no_argument, nullptr, 'A'},
                               {"field-separator", required_argument, nullptr, 'F'},
                               {"expanded", no_argument, nullptr, 'x'},
                               {"csv", no_argument, nullptr, kCsvOption},
                               {"pset", required_argument, nullptr, 'P'},
                               {"no-psqlrc", no_argument, nullptr, 'X'},
                               {"no-password", no_argument, nullptr, 'w'},
                               {"version", no_argument, nullptr, 'V'},
                               {"help", no_argument, nullptr, '?'},
                               {nullptr, 0, nullptr, 0}};

Status SetDatabase(const std::string& text, client::ConnectOptions* options) {
  if (client::IsConnectionString(text)) return client::ParseConnectionString(text, options);
  options->database = text;
  return OkStatus();
}

Status ApplyPset(std::string_view text, PrintOptions* print) {
  const size_t equals = text.find('=');
  const std::string_view name = text.substr(0, equals);
  const std::string value(equals == std::string_view::npos ? "" : text.substr(equals + 1));
  if (name == "null") {
    print->null_text = value;
  } else if (name == "fieldsep") {
    print->separator = value;
  } else if (name == "footer") {
    print->footer = value != "off";
  } else if (name == "format" && (value == "csv" || value == "aligned" || value == "unaligned")) {
    print->format = value == "csv" ? TableFormat::kCsv : value == "aligned" ? TableFormat::kAligned : TableFormat::kUnaligned;
  } else if (name != "pager") {
    return Error(sqlstate::kSyntaxError, StrCat("could not set printing parameter \"", name, "\""));
  }
  return OkStatus();
}

Status ApplyOption(int letter, const std::string& value, CommandLine* line) {
  switch (letter) {
    case 'h': line->connect.host = value; break;
    case 'p': line->connect.port = value; break;
    case 'U': line->connect.user = value; break;
    case 'd': return SetDatabase(value, &line->connect);
    case 'c': line->actions.push_back({false, value}); break;
    case 'f': line->actions.push_back({true, value}); break;
    case '1': line->single_transaction = true; break;
    case 'v': {
      const size_t equals = value.find('=');
      line->variables[value.substr(0, equals)] = equals == std::string::npos ? "" : value.substr(equals + 1);
      break;
    }
    case 'o': line->output = value; break;
    case 'q': line->quiet = true; break;
    case 't': line->print.tuples_only = true; break;
    case 'A': line->print.format = TableFormat::kUnaligned; break;
    case 'F': line->print.separator = value; break;
    case 'x': line->print.expanded = Expanded::kOn; break;
    case kCsvOption: line->print.format = TableFormat::kCsv; break;
    case 'P': return ApplyPset(value, &line->print);
    case 'X': case 'w': break;
    case 'V': line->version = true; break;
    default: line->help = true; break;
  }
  return OkStatus();
}

}  // namespace

StatusOr<CommandLine> ParseCommandLine(int argc, char** argv) {
  CommandLine line;
  opterr = 0;
  for (int letter = 0; (letter = ::getopt_long(argc, argv, ":h:p:U:d:c:f:1v:o:qtAF:xP:XwV?", kLongOptions, nullptr)) != -1;) {
    const std::string_view argument = argv[optind - 1];
    if (letter == ':' || (letter == '?' && argument != "-?" && argument != "--help")) {
      return Error(sqlstate::kSyntaxError, StrCat(letter == ':' ? "option needs a value: " : "invalid option: ", argument));
    }
    RETURN_IF_ERROR(ApplyOption(letter, optarg == nullptr ? "" : optarg, &line));
  }
  if (optind < argc) RETURN_IF_ERROR(SetDatabase(argv[optind++], &line.connect));
  if (optind < argc) line.connect.user = argv[optind++];
  if (optind < argc) return Error(sqlstate::kSyntaxError, StrCat("extra command-line argument \"", argv[optind], "\""));
  return line;
}

}  // namespace tsd::tsql
