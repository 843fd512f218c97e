// ClickHouse in process (chdb), driven over stdin: one JSON request a line, one JSON answer a line. Times are taken around the call, whose
// result is RowBinary; with `rows` the answer comes as JSON, untimed.
const readline = require('readline');
const path = require('path');
const { Session } = require(path.join(process.env.PEERS_DIR, 'node_modules', 'chdb'));

async function main() {
  let session = null;
  let settings = '';
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const request = JSON.parse(line);
    let answer = {};
    try {
      if (request.open) {
        session = new Session(request.open);
        session.query('SET max_threads=' + request.threads);
      } else if (request.close) {
        session.close();
      } else if (request.rows) {
        const text = session.query(request.sql + " SETTINGS date_time_output_format='unix_timestamp', output_format_json_quote_64bit_integers=0", 'JSONCompactEachRow');
        answer.rows = text.split('\n').filter((row) => row).map(JSON.parse);
        answer.count = answer.rows.length;
      } else {
        const start = process.hrtime.bigint();
        session.query(request.sql, request.sql.startsWith('SELECT') ? 'RowBinary' : 'Null');
        answer.ms = Number(process.hrtime.bigint() - start) / 1e6;
      }
    } catch (error) {
      answer = { error: String(error) };
    }
    process.stdout.write(JSON.stringify(answer) + '\n');
    if (request.close) break;
  }
}

main();
