// COPY FROM STDIN: every case was answered by PostgreSQL 15.
#include "net/pg/copy_format.h"

#include <absl/strings/str_join.h>

#include "engine/base/strings.h"
#include "tests/net/pg/copy_reading.h"
#include "tests/net/pg/fakes.h"

namespace tsd::net::pg {
namespace {

using namespace std::string_view_literals;

const DataType kDouble(TypeId::kFloat64);
CopyColumns Columns(std::vector<std::string> names, std::vector<DataType> types) { return {"t", std::move(names), std::move(types)}; }
const CopyColumns kInt = Columns({"a"}, {DataType(TypeId::kInt32)});
const CopyColumns kText = Columns({"v"}, {DataType(TypeId::kText)});
const CopyColumns kBool = Columns({"a"}, {DataType(TypeId::kBool)});
const CopyColumns kDoubleOnly = Columns({"a"}, {kDouble});
const CopyColumns kIntText = Columns({"a", "v"}, {DataType(TypeId::kInt32), DataType(TypeId::kText)});
const CopyColumns kIntVarchar3 = Columns({"a", "v"}, {DataType(TypeId::kInt32), DataType(TypeId::kVarchar, false, 7)});
const CopyColumns kIntDouble = Columns({"a", "v"}, {DataType(TypeId::kInt32), kDouble});
const CopyColumns kIntTimestamp = Columns({"a", "v"}, {DataType(TypeId::kInt32), DataType(TypeId::kTimestampTz)});

struct Case {
  CopyColumns columns;
  CopyOptions options;
  std::string_view data;
  std::string_view expected;  // rows as a|b;c|d with ~ for NULL, or code|message|[hint|]context
};

std::vector<Case> Cases() {  // tidy: one table of cases, no control flow
  return {
    {kIntText, {}, "1\tx\n2\ty\n"sv,
     "1|x;2|y"sv},
    {kIntText, {}, "1\tx\n2\ty"sv,
     "1|x;2|y"sv},
    {kIntText, {}, "1\tx\r\n2\ty\r\n"sv,
     "1|x;2|y"sv},
    {kIntText, {}, "1\tx\r2\ty\r"sv,
     "1|x;2|y"sv},
    {kIntText, {}, "1\tx\r2\ty"sv,
     "1|x;2|y"sv},
    {kIntText, {}, "1\tx\n2\ty\rz\n"sv,
     "22P04|literal carriage return found in data|Use \"\\r\" to represent carriage return.|COPY t, line 2"sv},
    {kIntText, {}, "1\tx\r\n2\ty\n"sv,
     "22P04|literal newline found in data|Use \"\\n\" to represent newline.|COPY t, line 2"sv},
    {kIntText, {}, "1\tx\r\n2\ty\rz\r\n"sv,
     "22P04|literal carriage return found in data|Use \"\\r\" to represent carriage return.|COPY t, line 2"sv},
    {kIntText, {}, "1\tx\r2\ty\n"sv,
     "22P04|literal newline found in data|Use \"\\n\" to represent newline.|COPY t, line 2"sv},
    {kIntText, {}, "1\tx\n\\.\nrubbish"sv,
     "1|x"sv},
    {kIntText, {}, "1\tx\n\\."sv,
     "22P04|end-of-copy marker corrupt|COPY t, line 2"sv},
    {kIntText, {}, "1\tx\n2\ty\\.\nrubbish"sv,
     "1|x;2|y"sv},
    {kIntText, {}, "1\tx\n\\.foo\n"sv,
     "22P04|end-of-copy marker corrupt|COPY t, line 2"sv},
    {kIntText, {}, "1\tx\r\n\\.\n"sv,
     "22P04|end-of-copy marker does not match previous newline style|COPY t, line 2"sv},
    {kIntText, {}, "1\tx\r\n\\.\r\n"sv,
     "1|x"sv},
    {kIntText, {}, "1\tx\r\n\\.\rq"sv,
     "22P04|end-of-copy marker corrupt|COPY t, line 2"sv},
    {kIntText, {}, "1\tx\n\\.\r\n"sv,
     "22P04|end-of-copy marker does not match previous newline style|COPY t, line 2"sv},
    {kIntText, {}, "1\tx\n2\n"sv,
     "22P04|missing data for column \"v\"|COPY t, line 2: \"2\""sv},
    {kIntText, {}, "1\tx\n2\ty\tz\n"sv,
     "22P04|extra data after last expected column|COPY t, line 2: \"2\ty\tz\""sv},
    {kIntText, {}, "1\tx\n\n"sv,
     "22P02|invalid input syntax for type integer: \"\"|COPY t, line 2, column a: \"\""sv},
    {kIntText, {}, "1\tx\nabc\n"sv,
     "22P02|invalid input syntax for type integer: \"abc\"|COPY t, line 2, column a: \"abc\""sv},
    {kIntText, {}, "1\tx\nabc\ty\n"sv,
     "22P02|invalid input syntax for type integer: \"abc\"|COPY t, line 2, column a: \"abc\""sv},
    {kIntText, {}, "1\tx\nabc\ty\tz\n"sv,
     "22P04|extra data after last expected column|COPY t, line 2: \"abc\ty\tz\""sv},
    {kIntText, {}, "\\N\t\\N\n2\t\\\\N\n3\t\\n\\t\\b\\f\\r\\v\\x41\\101\\q\n"sv,
     "~|~;2|\\N;3|\n\t\010\014\r\013AAq"sv},
    {kIntText, {}, "1\ta\\\nb\n"sv,
     "1|a\nb"sv},
    {kIntText, {}, "1\ta\\\tb\n"sv,
     "1|a\tb"sv},
    {kIntText, {}, "1\ta\\"sv,
     "1|a"sv},
    {kIntText, {}, "1\t\\xe9\n"sv,
     "22021|invalid byte sequence for encoding \"UTF8\": 0xe9|COPY t, line 1: \"1\t\\xe9\""sv},
    {kIntText, {}, "1\t\\303\\251\n"sv,
     "1|\303\251"sv},
    {kIntText, {}, "1\t\\0\n"sv,
     "22021|invalid byte sequence for encoding \"UTF8\": 0x00|COPY t, line 1: \"1\t\\0\""sv},
    {kIntText, {}, "1\tx\n2\t\351x\n"sv,
     "22021|invalid byte sequence for encoding \"UTF8\": 0xe9 0x78 0x0a|COPY t, line 2"sv},
    {kIntText, {}, "1\tx\n2\t\000x\n"sv,
     "22021|invalid byte sequence for encoding \"UTF8\": 0x00|COPY t, line 2"sv},
    {kIntText, {}, "1\tx\n2\t\303"sv,
     "22021|invalid byte sequence for encoding \"UTF8\": 0xc3|COPY t, line 2"sv},
    {kIntText, {}, "1\t\\x\n"sv,
     "1|x"sv},
    {kIntText, {}, "1\t\\xg1\\x4\\x414\\1014\\8\n"sv,
     "1|xg1\004A4A48"sv},
    {kInt, {}, "1\n\n"sv,
     "22P02|invalid input syntax for type integer: \"\"|COPY t, line 2, column a: \"\""sv},
    {kText, {}, "\n\\N\nx\n"sv,
     ";~;x"sv},
    {kIntVarchar3, {}, "1\tabcd\n"sv,
     "22001|value too long for type character varying(3)|COPY t, line 1, column v: \"abcd\""sv},
    {kIntDouble, {}, "1\tabc\n"sv,
     "22P02|invalid input syntax for type double precision: \"abc\"|COPY t, line 1, column v: \"abc\""sv},
    {kIntDouble, {}, "1\txxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n"sv,
     "22P02|invalid input syntax for type double precision: \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"|COPY t, line 1, column v: \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...\""sv},
    {kIntDouble, {}, "1\t 1.5 \n2\tNaN\n3\t-inf\n4\t1e400\n"sv,
     "22003|\"1e400\" is out of range for type double precision|COPY t, line 4, column v: \"1e400\""sv},
    {kIntTimestamp, {}, "1\t2020-01-01 00:00:00\n2\t2020-01-01 00:00:00+02\n3\tfoo\n"sv,
     "22007|invalid input syntax for type timestamp with time zone: \"foo\"|COPY t, line 3, column v: \"foo\""sv},
    {kIntText, {.delimiter = ",", .null_string = ""}, "1,\n,x\n3,\\,\n"sv,
     "1|~;~|x;3|,"sv},
    {kIntText, {.header = CopyHeader::kPresent}, "1\tx\n2\ty\n"sv,
     "2|y"sv},
    {kIntText, {.header = CopyHeader::kMatch}, "a\tv\n2\ty\n"sv,
     "2|y"sv},
    {kIntText, {.header = CopyHeader::kMatch}, "a\tw\n2\ty\n"sv,
     "22P04|column name mismatch in header line field 2: got \"w\", expected \"v\"|COPY t, line 1: \"a\tw\""sv},
    {kIntText, {.header = CopyHeader::kMatch}, "a\n2\ty\n"sv,
     "22P04|wrong number of fields in header line: got 1, expected 2|COPY t, line 1: \"a\""sv},
    {kIntText, {.header = CopyHeader::kMatch}, "a\tv\tw\n2\ty\n"sv,
     "22P04|wrong number of fields in header line: got 3, expected 2|COPY t, line 1: \"a\tv\tw\""sv},
    {kIntText, {.header = CopyHeader::kMatch}, "a\t\\N\n2\ty\n"sv,
     "22P04|column name mismatch in header line field 2: got null value (\"\\N\"), expected \"v\"|COPY t, line 1: \"a\t\\N\""sv},
    {kIntText, {.header = CopyHeader::kPresent}, ""sv,
     ""sv},
    {kIntText, {.header = CopyHeader::kMatch}, ""sv,
     "22P04|wrong number of fields in header line: got 1, expected 2|COPY t, line 1: \"\""sv},
    {kIntText, {.format = CopyFormat::kCsv}, "1,x\n2,\"y,z\"\n3,\"q\"\"r\"\n4,\n5,\"\"\n"sv,
     "1|x;2|y,z;3|q\"r;4|~;5|"sv},
    {kIntText, {.format = CopyFormat::kCsv}, "1,\"x\ny\"\n2,z\nabc,q\n"sv,
     "22P02|invalid input syntax for type integer: \"abc\"|COPY t, line 3, column a: \"abc\""sv},
    {kIntText, {.format = CopyFormat::kCsv}, "1,\"x\r\ny\"\r\n2,z\r\nabc,q\r\n"sv,
     "22P02|invalid input syntax for type integer: \"abc\"|COPY t, line 4, column a: \"abc\""sv},
    {kIntText, {.format = CopyFormat::kCsv}, "1,\"x\n"sv,
     "22P04|unterminated CSV quoted field|COPY t, line 1: \"1,\"x\n\""sv},
    {kIntText, {.format = CopyFormat::kCsv}, "1,x\"y\"z\n2,\"a\"b\"c\"\n"sv,
     "1|xyz;2|abc"sv},
    {kIntText, {.format = CopyFormat::kCsv}, "1,x\n2,y\rz\n"sv,
     "22P04|unquoted carriage return found in data|Use quoted CSV field to represent carriage return.|COPY t, line 2"sv},
    {kIntText, {.format = CopyFormat::kCsv}, "1,x\r\n2,y\n"sv,
     "22P04|unquoted newline found in data|Use quoted CSV field to represent newline.|COPY t, line 2"sv},
    {kIntText, {.format = CopyFormat::kCsv}, "1,x\r\n2,y\rz\r\n"sv,
     "22P04|unquoted carriage return found in data|Use quoted CSV field to represent carriage return.|COPY t, line 2"sv},
    {kIntText, {.format = CopyFormat::kCsv}, "1,x\n\\.\n3,z\n"sv,
     "1|x"sv},
    {kIntText, {.format = CopyFormat::kCsv}, "1,x\n\\."sv,
     "22P02|invalid input syntax for type integer: \"\\.\"|COPY t, line 2, column a: \"\\.\""sv},
    {kText, {.format = CopyFormat::kCsv}, "x\n\\.a\n"sv,
     "x;\\.a"sv},
    {kText, {.format = CopyFormat::kCsv}, "x\n\\."sv,
     "x;\\."sv},
    {kText, {.format = CopyFormat::kCsv}, "x\n\\.\ny\n"sv,
     "x"sv},
    {kText, {.format = CopyFormat::kCsv}, "x\r\n\\.\ny\n"sv,
     "22P04|unquoted newline found in data|Use quoted CSV field to represent newline.|COPY t, line 2"sv},
    {kText, {.format = CopyFormat::kCsv}, "x\n\\.\r\ny\n"sv,
     "22P04|end-of-copy marker does not match previous newline style|COPY t, line 2"sv},
    {kText, {.format = CopyFormat::kCsv}, "x\n\"\\.\"\ny\n"sv,
     "x;\\.;y"sv},
    {kText, {.format = CopyFormat::kCsv}, "\"x\n\\.\ny\"\n"sv,
     "x\n\\.\ny"sv},
    {kText, {.format = CopyFormat::kCsv}, "x\n\ny\n"sv,
     "x;~;y"sv},
    {kIntText, {.format = CopyFormat::kCsv, .quote = "'", .escape = "\\"}, "1,'a\\'b'\n2,'a\\\\'\n3,'a\\c'\n4,a\\'b'\n"sv,
     "1|a'b;2|a\\;3|a\\c;4|a\\b"sv},
    {kIntText, {.format = CopyFormat::kCsv, .null_string = "NULL", .force_not_null = {1}}, "1,NULL\n2,\"NULL\"\n"sv,
     "1|NULL;2|NULL"sv},
    {kIntText, {.format = CopyFormat::kCsv, .null_string = "NULL", .force_null = {1}}, "1,NULL\n2,\"NULL\"\n"sv,
     "1|~;2|~"sv},
    {kIntText, {.format = CopyFormat::kCsv, .header = CopyHeader::kMatch}, "a,\"v\"\n2,y\n"sv,
     "2|y"sv},
    {kIntText, {.format = CopyFormat::kCsv, .header = CopyHeader::kMatch}, "a,\n2,y\n"sv,
     "22P04|column name mismatch in header line field 2: got null value (\"\"), expected \"v\"|COPY t, line 1: \"a,\""sv},
    {kIntText, {.format = CopyFormat::kCsv}, "1\n"sv,
     "22P04|missing data for column \"v\"|COPY t, line 1: \"1\""sv},
    {kIntText, {.format = CopyFormat::kCsv}, "1,2,3\n"sv,
     "22P04|extra data after last expected column|COPY t, line 1: \"1,2,3\""sv},
    {kIntText, {.format = CopyFormat::kCsv}, "x,2\n"sv,
     "22P02|invalid input syntax for type integer: \"x\"|COPY t, line 1, column a: \"x\""sv},
    {kIntText, {.format = CopyFormat::kCsv}, "\n"sv,
     "22P04|missing data for column \"v\"|COPY t, line 1: \"\""sv},
    {kIntText, {.format = CopyFormat::kCsv}, "1,\"a\n\nb\"\n2,\"c"sv,
     "22P04|unterminated CSV quoted field|COPY t, line 2: \"2,\"c\""sv},
    {kIntText, {.format = CopyFormat::kBinary}, "PGCOPY\n\377\r\n\000\000\000\000\000\000\000\000\000\000\002\000\000\000\004\000\000\000\001\000\000\000\001x"sv,
     "1|x"sv},
    {kIntText, {.format = CopyFormat::kBinary}, "PGCOPY\n\377\r\n\000\000\000\000\000\000\000\000\000\000\002\000\000\000\004\000\000\000\001\000\000\000\001x\377\377"sv,
     "1|x"sv},
    {kIntText, {.format = CopyFormat::kBinary}, "PGCOPY\n\377\r\n\000\000\000\000\000\000\000\000\000\377\377x"sv,
     "22P04|received copy data after EOF marker|COPY t, line 1"sv},
    {kIntText, {.format = CopyFormat::kBinary}, "PGCOPY\n\377\r\n\000\000\000\000\000\000\000\000\000\000\002\000\000\000\004\000\000\000\001\000\000\000\001x\000"sv,
     "1|x"sv},
    {kIntText, {.format = CopyFormat::kBinary}, "PGCOPY\n\377\r\n\000\000\000\000\000\000\000\000\000\000\002\000\000\000\004\000\000\000\001\000\000\000\001x\000\002"sv,
     "22P04|unexpected EOF in COPY data|COPY t, line 2, column a"sv},
    {kIntText, {.format = CopyFormat::kBinary}, "PGCOPY\n\377\r\n\000\000\000\000\000\000\000\000\000\000\002\000\000\000\004\000\000\000\001\000\000\000\001"sv,
     "22P04|unexpected EOF in COPY data|COPY t, line 1, column v"sv},
    {kIntText, {.format = CopyFormat::kBinary}, "PGCOPY\n\377\r\n\000\000\000\000\000\000\000\000\000\000\002\000\000\000\004\000\000\000\001\000\000"sv,
     "22P04|unexpected EOF in COPY data|COPY t, line 1, column v"sv},
    {kIntText, {.format = CopyFormat::kBinary}, "PGCOPY\n\377\r\n\000\000\000\000\000\000\000\000\000\000\001\000\000\000\004\000\000\000\001"sv,
     "22P04|row field count is 1, expected 2|COPY t, line 1"sv},
    {kIntText, {.format = CopyFormat::kBinary}, "PGCOPY\n\377\r\n\000\000\000\000\000\000\000\000\000\377\376"sv,
     "22P04|row field count is -2, expected 2|COPY t, line 1"sv},
    {kIntText, {.format = CopyFormat::kBinary}, "PGCOPY\n\377\r\n\000\000\000\000\000\000\000\000\000\000\002\377\377\377\376"sv,
     "22P04|invalid field size|COPY t, line 1, column a"sv},
    {kIntText, {.format = CopyFormat::kBinary}, "PGCOPY\n\377\r\n\000\000\000\000\000\000\000\000\000\000\002\000\000\000\004\000\000\000\001\000\000\000\002\351x"sv,
     "22021|invalid byte sequence for encoding \"UTF8\": 0xe9 0x78|COPY t, line 1, column v"sv},
    {kIntText, {.format = CopyFormat::kBinary}, "PGCOPX\n\377\r\n\000\000\000\000\000\000\000\000\000"sv,
     "22P04|COPY file signature not recognized"sv},
    {kIntText, {.format = CopyFormat::kBinary}, "PGCOP"sv,
     "22P04|COPY file signature not recognized"sv},
    {kIntText, {.format = CopyFormat::kBinary}, ""sv,
     "22P04|COPY file signature not recognized"sv},
    {kIntText, {.format = CopyFormat::kBinary}, "PGCOPY\n\377\r\n\000\000\001\000\000\000\000\000\000"sv,
     "22P04|invalid COPY file header (WITH OIDS)"sv},
    {kIntText, {.format = CopyFormat::kBinary}, "PGCOPY\n\377\r\n\000\000\002\000\000\000\000\000\000"sv,
     "22P04|unrecognized critical flags in COPY file header"sv},
    {kIntText, {.format = CopyFormat::kBinary}, "PGCOPY\n\377\r\n\000\000\000\000\001\000\000\000\000\000\002\000\000\000\004\000\000\000\001\000\000\000\001x"sv,
     "1|x"sv},
    {kIntText, {.format = CopyFormat::kBinary}, "PGCOPY\n\377\r\n\000\000\000\000\000\000\000\000\003abc\000\002\000\000\000\004\000\000\000\001\000\000\000\001x"sv,
     "1|x"sv},
    {kIntText, {.format = CopyFormat::kBinary}, "PGCOPY\n\377\r\n\000\000\000\000\000\000\000\000\003ab"sv,
     "22P04|invalid COPY file header (wrong length)"sv},
    {kIntText, {.format = CopyFormat::kBinary}, "PGCOPY\n\377\r\n\000\000\000\000\000\377\377\377\377"sv,
     "22P04|invalid COPY file header (missing length)"sv},
    {kIntText, {.format = CopyFormat::kBinary}, "PGCOPY\n\377\r\n\000\000\000\000\000"sv,
     "22P04|invalid COPY file header (missing length)"sv},
    {kIntText, {.format = CopyFormat::kBinary}, "PGCOPY\n\377\r\n\000\000"sv,
     "22P04|invalid COPY file header (missing flags)"sv},
    {kIntText, {.format = CopyFormat::kBinary}, "PGCOPY\n\377\r\n\000\000\000\000\000\000\000\000\000\000\002\377\377\377\377\377\377\377\377"sv,
     "~|~"sv},
    {kIntText, {.format = CopyFormat::kBinary}, "PGCOPY\n\377\r\n\000\000\000\000\000\000\000\000\000\000\002\000\000\000\004\000\000\000\001\000\000\000\003a\000b"sv,
     "22021|invalid byte sequence for encoding \"UTF8\": 0x00|COPY t, line 1, column v"sv},
    {kIntText, {.format = CopyFormat::kBinary}, "PGCOPY\n\377\r\n\000\000\000\000\000\000\000\000\000\000\002\000\000\000\004\000\000\000\001\000\000\000\000\000\002\000\000\000\004\377\377\377\373\000\000\000\002\303\251"sv,
     "1|;-5|\303\251"sv},
    {kIntTimestamp, {.format = CopyFormat::kBinary}, "PGCOPY\n\377\r\n\000\000\000\000\000\000\000\000\000\000\002\000\000\000\004\000\000\000\001\000\000\000\010\177\377\377\377\377\377\377\376"sv,
     "22008|timestamp out of range|COPY t, line 1, column v"sv},
    {kIntTimestamp, {.format = CopyFormat::kBinary}, "PGCOPY\n\377\r\n\000\000\000\000\000\000\000\000\000\000\002\000\000\000\004\000\000\000\001\000\000\000\010\177\377\377\377\377\377\377\377\000\002\000\000\000\004\000\000\000\002\000\000\000\010\000\000\000\000\000\000\000\000"sv,
     "1|infinity;2|2000-01-01 00:00:00+00"sv},
    {kIntVarchar3, {.format = CopyFormat::kBinary}, "PGCOPY\n\377\r\n\000\000\000\000\000\000\000\000\000\000\002\000\000\000\004\000\000\000\001\000\000\000\004abcd"sv,
     "22001|value too long for type character varying(3)|COPY t, line 1, column v"sv},
    {kBool, {.format = CopyFormat::kBinary}, "PGCOPY\n\377\r\n\000\000\000\000\000\000\000\000\000\000\001\000\000\000\002ab"sv,
     "22P03|incorrect binary data format|COPY t, line 1, column a"sv},
    {kBool, {.format = CopyFormat::kBinary}, "PGCOPY\n\377\r\n\000\000\000\000\000\000\000\000\000\000\001\000\000\000\001\001\000\001\000\000\000\001\000"sv,
     "t;f"sv},
    {kDoubleOnly, {.format = CopyFormat::kBinary}, "PGCOPY\n\377\r\n\000\000\000\000\000\000\000\000\000\000\001\000\000\000\010?\370\000\000\000\000\000\000"sv,
     "1.5"sv},
    {kIntDouble, {}, "1\t1\n2\t-0.5\n3\t123456789012345678901234567890\n4\t0.1234567890123456789\n5\t1e10\n6\t.5\n7\t5.\n8\t+3\n9\tInfinity\n10\t9007199254740993\n"sv,
     "1|1;2|-0.5;3|1.2345678901234568e+29;4|0.12345678901234568;5|10000000000;6|0.5;7|5;8|3;9|Infinity;10|9.007199254740992e+15"sv},
    {kIntDouble, {}, "1\t-\n"sv,
     "22P02|invalid input syntax for type double precision: \"-\"|COPY t, line 1, column v: \"-\""sv},
    {kIntDouble, {}, "1\t.\n"sv,
     "22P02|invalid input syntax for type double precision: \".\"|COPY t, line 1, column v: \".\""sv},
    {kIntDouble, {}, "1\t\n"sv,
     "22P02|invalid input syntax for type double precision: \"\"|COPY t, line 1, column v: \"\""sv},
    {kIntDouble, {}, "1\t1.5x\n"sv,
     "22P02|invalid input syntax for type double precision: \"1.5x\"|COPY t, line 1, column v: \"1.5x\""sv},
    {kInt, {}, " 5 \n+7\n-8\n2147483647\n-2147483648\n"sv,
     "5;7;-8;2147483647;-2147483648"sv},
    {kInt, {}, "2147483648\n"sv,
     "22003|value \"2147483648\" is out of range for type integer|COPY t, line 1, column a: \"2147483648\""sv},
    {kInt, {}, "-\n"sv,
     "22P02|invalid input syntax for type integer: \"-\"|COPY t, line 1, column a: \"-\""sv},
    {kInt, {}, "1.5\n"sv,
     "22P02|invalid input syntax for type integer: \"1.5\"|COPY t, line 1, column a: \"1.5\""sv},
    {kInt, {}, "99999999999999999999\n"sv,
     "22003|value \"99999999999999999999\" is out of range for type integer|COPY t, line 1, column a: \"99999999999999999999\""sv},
    {kIntTimestamp, {}, "1\t2020-02-29 12:34:56.789+05:30\n2\t2020-01-01T00:00:00Z\n3\tinfinity\n4\t\\N\n5\t1999-12-31\n6\tJan 5 2021 10:00 PST\n"sv,
     "1|2020-02-29 07:04:56.789+00;2|2020-01-01 00:00:00+00;3|infinity;4|~;5|1999-12-31 00:00:00+00;6|2021-01-05 18:00:00+00"sv},
    {kIntTimestamp, {}, "1\t2021-02-29 00:00:00+00\n"sv,
     "22008|date/time field value out of range: \"2021-02-29 00:00:00+00\"|COPY t, line 1, column v: \"2021-02-29 00:00:00+00\""sv},
    {kIntText, {}, "x\ty\n1\n"sv,
     "22P02|invalid input syntax for type integer: \"x\"|COPY t, line 1, column a: \"x\""sv},
    {kIntText, {}, "1\ty\n1\nz\tq\n"sv,
     "22P04|missing data for column \"v\"|COPY t, line 2: \"1\""sv},
    {kIntText, {.format = CopyFormat::kCsv}, "1,\303\251\n"sv,
     "1|\303\251"sv},
    {kIntText, {.format = CopyFormat::kCsv}, "1,\"\303\251\"\"\"\r\n2,\"a,b\"\r\n"sv,
     "1|\303\251\";2|a,b"sv},
    {kIntText, {.format = CopyFormat::kCsv}, "1,x\r2,y\r"sv,
     "1|x;2|y"sv},
    {kIntText, {.format = CopyFormat::kCsv, .header = CopyHeader::kPresent}, "\"a\n\",v\n1,x\n"sv,
     "1|x"sv},
    {kIntText, {.format = CopyFormat::kCsv}, "1,x\r\r2,y\r"sv,
     "22P04|missing data for column \"v\"|COPY t, line 2: \"\""sv},
    {kIntText, {.format = CopyFormat::kCsv}, "\"1\",\"x\"y\n"sv,
     "1|xy"sv},
  };
}

std::vector<std::string> RowTexts(const CopyRead& read, const TextContext& context) {
  std::vector<std::string> rows;
  for (const CopyBatch& batch : read.batches) {
    for (size_t row = 0; row < batch.rows.rows(); ++row) {
      std::string text;
      for (size_t c = 0; c < batch.rows.column_count(); ++c) {
        if (c > 0) text += '|';
        const Vector& column = batch.rows.column(c);
        if (column.IsNull(row)) {
          text += '~';
        } else {
          FormatText(column, row, context, text);
        }
      }
      rows.push_back(std::move(text));
    }
  }
  return rows;
}

std::string ErrorText(const Status& status) {
  const ErrorFields fields = FieldsOf(status);
  std::string result = StrCat(fields.sqlstate, "|", status.message());
  if (!fields.hint.empty()) StrAppend(&result, "|", fields.hint);
  if (!fields.where.empty()) StrAppend(&result, "|", fields.where);
  return result;
}

/// Feeds `data` in payloads of at most `payload` bytes, which make pieces of at least `piece_rows` rows.
std::string Copy(const Case& test, size_t payload, size_t piece_rows) {
  const TextContext context;
  const StatusOr<CopyDialect> dialect = ResolveCopyOptions(test.options, test.columns.types.size(), CopyDirection::kFrom);
  if (!dialect.ok()) return ErrorText(dialect.status());
  const CopyRead read = ReadCopy(*dialect, test.columns, context, test.data, payload, {.rows = piece_rows});
  return read.status.ok() ? absl::StrJoin(RowTexts(read, context), ";") : ErrorText(read.status);
}

TEST(CopyConformance, AsPostgres) {
  for (const Case& test : Cases()) {
    EXPECT_EQ(Copy(test, 1 << 20, kDefaultBatchRows), test.expected) << test.data;
    for (size_t payload : {1, 2, 3, 7}) {
      EXPECT_EQ(Copy(test, payload, kDefaultBatchRows), test.expected) << test.data;
      EXPECT_EQ(Copy(test, payload, 1), test.expected) << test.data;
    }
  }
}

}  // namespace
}  // namespace tsd::net::pg
