// JDBC against a tsd: what applications and tools do. java -cp postgresql.jar Jdbc.java PORT; prints a line a check, exits 1 if one fails.
import java.io.StringReader;
import java.io.StringWriter;
import java.math.BigDecimal;
import java.sql.*;
import java.time.*;
import java.util.*;
import org.postgresql.PGConnection;

public class Jdbc {
  static int failed = 0;
  static String url;

  interface Check { void run(Connection c) throws Exception; }

  static void check(String name, String options, Check body) {
    try (Connection c = DriverManager.getConnection(url + options, "tsdbadmin", "")) {
      body.run(c);
      System.out.println("ok " + name);
    } catch (Throwable error) {
      ++failed;
      System.out.println("FAILED " + name + ": " + error);
      for (StackTraceElement at : error.getStackTrace()) {
        if (at.getClassName().equals("Jdbc")) System.out.println("    at line " + at.getLineNumber());
      }
    }
  }

  static void equal(Object got, Object want) {
    if (!Objects.equals(got, want)) throw new AssertionError("got " + got + ", want " + want);
  }

  static String state(Connection c, String text) {
    try (Statement s = c.createStatement()) {
      s.execute(text);
      return "none";
    } catch (SQLException error) {
      return error.getSQLState();
    }
  }

  static List<String> rows(ResultSet r, String... columns) throws SQLException {
    List<String> all = new ArrayList<>();
    while (r.next()) {
      StringBuilder row = new StringBuilder();
      for (String column : columns) row.append(row.length() > 0 ? "|" : "").append(r.getString(column));
      all.add(row.toString());
    }
    return all;
  }

  static Object one(Connection c, String text) throws SQLException {
    try (Statement s = c.createStatement(); ResultSet r = s.executeQuery(text)) {
      r.next();
      return r.getObject(1);
    }
  }

  static void types(Connection c) throws Exception {
    try (PreparedStatement s = c.prepareStatement(
             "SELECT ?::bool, ?::int2, ?::int4, ?::int8, ?::float4, ?::float8, ?::numeric, ?::text, ?::timestamptz, ?::timestamp, ?::date, ?::time, ?::uuid, ?::bytea, ?::int4[], ?::text[], ?::jsonb")) {
      OffsetDateTime when = OffsetDateTime.of(2024, 2, 29, 1, 2, 3, 456789000, ZoneOffset.UTC);
      UUID id = new UUID(1, 2);
      for (int round = 0; round < 12; ++round) {  // from the fifth on a server-side statement with binary results
        s.setBoolean(1, true); s.setShort(2, (short) -3); s.setInt(3, 7); s.setLong(4, 1L << 60); s.setFloat(5, 1.5f); s.setDouble(6, 0.1);
        s.setBigDecimal(7, new BigDecimal("1234567890123456789.0001")); s.setString(8, "ünï"); s.setObject(9, when); s.setObject(10, when.toLocalDateTime());
        s.setObject(11, when.toLocalDate()); s.setObject(12, LocalTime.of(1, 2, 3)); s.setObject(13, id); s.setBytes(14, new byte[] {0, -1});
        s.setArray(15, c.createArrayOf("int4", new Integer[] {1, null, 3})); s.setArray(16, c.createArrayOf("text", new String[] {"a\"b", "NULL", null}));
        s.setString(17, "{\"a\":1}");
        try (ResultSet r = s.executeQuery()) {
          r.next();
          equal(r.getBoolean(1), true); equal(r.getShort(2), (short) -3); equal(r.getInt(3), 7); equal(r.getLong(4), 1L << 60); equal(r.getFloat(5), 1.5f);
          equal(r.getDouble(6), 0.1); equal(r.getBigDecimal(7), new BigDecimal("1234567890123456789.0001")); equal(r.getString(8), "ünï");
          equal(r.getObject(9, OffsetDateTime.class), when); equal(r.getObject(10, LocalDateTime.class), when.toLocalDateTime());
          equal(r.getObject(11, LocalDate.class), when.toLocalDate()); equal(r.getObject(12, LocalTime.class), LocalTime.of(1, 2, 3)); equal(r.getObject(13), id);
          equal(Arrays.toString(r.getBytes(14)), "[0, -1]"); equal(Arrays.toString((Object[]) r.getArray(15).getArray()), "[1, null, 3]");
          equal(Arrays.toString((Object[]) r.getArray(16).getArray()), "[a\"b, NULL, null]"); equal(r.getString(17), "{\"a\": 1}");
        }
      }
      for (int i = 1; i <= 17; ++i) s.setNull(i, Types.NULL);
      try (ResultSet r = s.executeQuery()) {
        r.next();
        for (int i = 1; i <= 17; ++i) equal(r.getObject(i), null);
      }
    }
  }

  static void load(Connection c) throws Exception {
    try (Statement s = c.createStatement()) {
      s.execute("DROP TABLE IF EXISTS j");
      s.execute("CREATE TABLE j(time timestamptz NOT NULL, device text, v double precision, n bigint DEFAULT 5)");
      s.executeQuery("SELECT create_distributed_hypertable('j', 'time', 'device')").close();
    }
    c.setAutoCommit(false);
    try (PreparedStatement s = c.prepareStatement("INSERT INTO j(time, device, v) VALUES (?, ?, ?)")) {
      for (int i = 0; i < 5000; ++i) {
        s.setObject(1, OffsetDateTime.of(2024, 1, 1, 0, 0, 0, 0, ZoneOffset.UTC).plusMinutes(i));
        s.setString(2, "d" + i % 7);
        if (i % 10 == 0) s.setNull(3, Types.DOUBLE); else s.setDouble(3, i * 0.5);
        s.addBatch();
      }
      int total = 0;
      for (int n : s.executeBatch()) total += n == Statement.SUCCESS_NO_INFO ? 1 : n;
      equal(total, 5000);
    }
    c.commit();
    equal(one(c, "SELECT count(*) FROM j WHERE n = 5"), 5000L);
    // A failing entry takes the whole batch with it.
    try (PreparedStatement s = c.prepareStatement("INSERT INTO j(time, v) VALUES (?, ?)")) {
      for (int i = 0; i < 3; ++i) {
        s.setObject(1, i == 1 ? null : OffsetDateTime.now(), Types.TIMESTAMP_WITH_TIMEZONE);
        s.setDouble(2, i);
        s.addBatch();
      }
      s.executeBatch();
      throw new AssertionError("NULL was taken");
    } catch (BatchUpdateException error) {
      equal(error.getSQLState(), "23502");
    }
    equal(state(c, "SELECT 1"), "25P02");
    c.rollback();
    equal(one(c, "SELECT count(*) FROM j"), 5000L);
    c.setAutoCommit(true);
  }

  static void fetchSize(Connection c) throws Exception {
    c.setAutoCommit(false);
    try (PreparedStatement s = c.prepareStatement("SELECT n, time, v, device FROM j WHERE n = ? ORDER BY time")) {
      s.setFetchSize(100);
      for (int round = 0; round < 7; ++round) {
        s.setLong(1, 5);
        int count = 0;
        try (ResultSet r = s.executeQuery()) {
          while (r.next()) ++count;
        }
        equal(count, 5000);
      }
    }
    c.commit();
    try (Statement s = c.createStatement(ResultSet.TYPE_SCROLL_INSENSITIVE, ResultSet.CONCUR_READ_ONLY); ResultSet r = s.executeQuery("SELECT g FROM generate_series(1, 10) g")) {
      r.last();
      equal(r.getInt(1), 10);
      r.absolute(3);
      equal(r.getInt(1), 3);
    }
    try (Statement s = c.createStatement()) {
      s.setMaxRows(3);
      try (ResultSet r = s.executeQuery("SELECT * FROM j")) { equal(rows(r, "n").size(), 3); }
    }
    c.rollback();
  }

  static void metadata(Connection c) throws Exception {
    DatabaseMetaData m = c.getMetaData();
    equal(m.getDatabaseProductName(), "PostgreSQL");
    equal(m.getDatabaseMajorVersion(), 15);
    equal(rows(m.getTables(null, "public", "j%", new String[] {"TABLE", "VIEW"}), "TABLE_SCHEM", "TABLE_NAME", "TABLE_TYPE").toString(), "[public|j|TABLE]");
    equal(rows(m.getColumns(null, "public", "j", "%"), "COLUMN_NAME", "DATA_TYPE", "TYPE_NAME", "NULLABLE", "COLUMN_DEF", "ORDINAL_POSITION", "IS_AUTOINCREMENT").toString(),
          "[time|93|timestamptz|0|null|1|NO, device|12|text|1|null|2|NO, v|8|float8|1|null|3|NO, n|-5|int8|1|5|4|NO]");
    equal(rows(m.getPrimaryKeys(null, "public", "j"), "COLUMN_NAME").toString(), "[]");
    rows(m.getIndexInfo(null, "public", "j", false, false), "INDEX_NAME");
    rows(m.getImportedKeys(null, "public", "j"), "FKCOLUMN_NAME");
    rows(m.getExportedKeys(null, "public", "j"), "FKCOLUMN_NAME");
    rows(m.getCrossReference(null, "public", "j", null, "public", "j"), "FKCOLUMN_NAME");
    if (!rows(m.getTypeInfo(), "TYPE_NAME").containsAll(List.of("timestamptz", "float8", "_int4", "numeric"))) throw new AssertionError("types are missing");
    if (!rows(m.getSchemas(), "TABLE_SCHEM").containsAll(List.of("public", "pg_catalog", "information_schema"))) throw new AssertionError("schemas are missing");
    equal(rows(m.getCatalogs(), "TABLE_CAT").contains("tsdb"), true);
    rows(m.getFunctions(null, null, "time_bucket"), "FUNCTION_NAME");
    rows(m.getFunctionColumns(null, null, "abs", null), "COLUMN_NAME");
    rows(m.getProcedures(null, null, "%"), "PROCEDURE_NAME");
    rows(m.getTablePrivileges(null, "public", "j"), "PRIVILEGE");
    rows(m.getColumnPrivileges(null, "public", "j", "%"), "PRIVILEGE");
    rows(m.getTableTypes(), "TABLE_TYPE");
    rows(m.getUDTs(null, null, "%", null), "TYPE_NAME");
    rows(m.getVersionColumns(null, "public", "j"), "COLUMN_NAME");
    rows(m.getBestRowIdentifier(null, "public", "j", DatabaseMetaData.bestRowSession, true), "COLUMN_NAME");
    rows(m.getClientInfoProperties(), "NAME");
    if (m.getSQLKeywords().isEmpty()) throw new AssertionError("no keywords");
    equal(m.getMaxColumnNameLength(), 63);
    try (PreparedStatement s = c.prepareStatement("SELECT time, v AS value, n + 1 AS more FROM j WHERE n = ? AND device = ?")) {
      ResultSetMetaData r = s.getMetaData();
      equal(r.getColumnCount() + r.getColumnName(2) + r.getColumnTypeName(1) + r.getTableName(1), "3valuetimestamptzj");
      equal(((org.postgresql.PGResultSetMetaData) r).getBaseColumnName(2), "v");
      equal(r.isNullable(1), ResultSetMetaData.columnNoNulls);
      equal(r.isNullable(3), ResultSetMetaData.columnNullableUnknown);
      equal(r.isAutoIncrement(1), false);
      ParameterMetaData p = s.getParameterMetaData();
      equal(p.getParameterTypeName(1) + p.getParameterTypeName(2), "int8text");
    }
  }

  static void transactions(Connection c) throws Exception {
    c.setAutoCommit(false);
    c.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
    equal(c.getTransactionIsolation(), Connection.TRANSACTION_REPEATABLE_READ);
    try (Statement s = c.createStatement()) {
      s.executeUpdate("INSERT INTO j VALUES ('2030-01-01', 'x', 1, 1)");
      Savepoint p = c.setSavepoint();
      equal(state(c, "SELECT 1/0"), "22012");
      c.rollback(p);
      Savepoint named = c.setSavepoint("named one");
      equal(s.executeUpdate("UPDATE j SET v = 2 WHERE time >= '2030-01-01'"), 1);
      c.releaseSavepoint(named);
      equal(one(c, "SELECT v FROM j WHERE time >= '2030-01-01'"), 2.0);
    }
    c.rollback();
    equal(one(c, "SELECT count(*) FROM j WHERE time >= '2030-01-01'"), 0L);
    c.commit();
    c.setReadOnly(true);
    equal(state(c, "DELETE FROM j"), "25006");
    c.rollback();
    c.setReadOnly(false);
    c.setAutoCommit(true);
    equal(c.isValid(5), true);
    equal(c.getSchema(), "public");
    c.setSchema("pg_catalog");
    equal(one(c, "SELECT current_schema()"), "pg_catalog");
    c.setSchema("public");
    c.setClientInfo("ApplicationName", "trial");
    equal(one(c, "SHOW application_name"), "trial");
  }

  static void errors(Connection c) throws Exception {
    equal(state(c, "SELEC"), "42601"); equal(state(c, "SELECT nope FROM j"), "42703"); equal(state(c, "SELECT * FROM nope"), "42P01"); equal(state(c, "SELECT 'x'::int"), "22P02");
    equal(state(c, "CREATE TABLE j(a int)"), "42P07"); equal(state(c, "SELECT nof(1)"), "42883");
    try (Statement s = c.createStatement()) {
      s.execute("INSERT INTO j(time) VALUES (NULL)");
    } catch (org.postgresql.util.PSQLException error) {
      equal(error.getServerErrorMessage().getTable() + "." + error.getServerErrorMessage().getColumn(), "j.time");
    }
    try (Statement s = c.createStatement()) {
      s.execute("DROP TABLE IF EXISTS not_there");
      equal(s.getWarnings().getMessage(), "table \"not_there\" does not exist, skipping");
      s.setQueryTimeout(1);
      equal(state(c, "SELECT 1"), "none");
      try {
        s.execute("SELECT count(*) FROM generate_series(1, 100000000000) g");
        throw new AssertionError("no timeout");
      } catch (SQLException error) {
        equal(error.getSQLState(), "57014");
      }
    }
    try (Statement s = c.createStatement()) {
      equal(s.execute("SELECT 1; SELECT 2; INSERT INTO j(time) VALUES ('2031-01-01'); DELETE FROM j WHERE time >= '2031-01-01'"), true);
      equal(s.getMoreResults(), true);
      equal(s.getMoreResults(), false);
      equal(s.getUpdateCount(), 1);
      s.execute("");
    }
    try (PreparedStatement s = c.prepareStatement("INSERT INTO j(time, n) VALUES ('2032-01-01', 9)", Statement.RETURN_GENERATED_KEYS)) {
      s.executeUpdate();
      ResultSet keys = s.getGeneratedKeys();
      keys.next();
      equal(keys.getLong("n"), 9L);
      one(c, "SELECT 1");
      c.createStatement().execute("DELETE FROM j WHERE time >= '2031-01-01'");
    }
  }

  static void copy(Connection c) throws Exception {
    var copies = c.unwrap(PGConnection.class).getCopyAPI();
    StringBuilder data = new StringBuilder();
    for (int i = 0; i < 20000; ++i) data.append("2024-06-01 00:00:00Z\tc\t").append(i).append("\t1\n");
    equal(copies.copyIn("COPY j FROM STDIN", new StringReader(data.toString())), 20000L);
    StringWriter out = new StringWriter();
    equal(copies.copyOut("COPY (SELECT v FROM j WHERE device = 'c' ORDER BY v LIMIT 3) TO STDOUT WITH (FORMAT csv)", out), 3L);
    equal(out.toString(), "0\n1\n2\n");
    try {
      copies.copyIn("COPY j FROM STDIN", new StringReader("2024-06-01\tc\tx\t1\n"));
      throw new AssertionError("bad data was taken");
    } catch (SQLException error) {
      equal(error.getSQLState(), "22P02");
    }
    equal(one(c, "SELECT count(*) FROM j WHERE device = 'c'"), 20000L);
  }

  static void tools(Connection c) throws Exception {
    // JDBC's escapes and server-side statements over DDL.
    try (PreparedStatement s = c.prepareStatement("SELECT {fn concat('a', 'b')}, {ts '2024-01-01 00:00:00'}, {fn now()}")) { s.executeQuery().close(); }
    try (PreparedStatement s = c.prepareStatement("SELECT * FROM ddl_under", ResultSet.TYPE_FORWARD_ONLY, ResultSet.CONCUR_READ_ONLY)) {
      c.createStatement().execute("CREATE TABLE ddl_under(a int)");
      for (int i = 0; i < 7; ++i) s.executeQuery().close();
      c.createStatement().execute("DROP TABLE ddl_under; CREATE TABLE ddl_under(a int, b int)");
      try (ResultSet r = s.executeQuery()) { equal(r.getMetaData().getColumnCount(), 2); }
      c.createStatement().execute("DROP TABLE ddl_under");
    }
    c.abort(Runnable::run);
  }

  public static void main(String[] arguments) throws Exception {
    url = "jdbc:postgresql://127.0.0.1:" + arguments[0] + "/tsdb";
    check("types", "", Jdbc::types);
    check("types in binary from the first", "?prepareThreshold=-1", Jdbc::types);
    check("types in text", "?binaryTransfer=false", Jdbc::types);
    check("batches", "", Jdbc::load);
    check("batches rewritten", "?reWriteBatchedInserts=true", Jdbc::load);
    check("fetch size", "", Jdbc::fetchSize);
    check("metadata", "", Jdbc::metadata);
    check("transactions", "", Jdbc::transactions);
    check("errors", "", Jdbc::errors);
    check("copy", "", Jdbc::copy);
    check("tools", "?autosave=conservative", Jdbc::tools);
    check("target server", "?targetServerType=primary&ApplicationName=x&options=-c%20statement_timeout=10000", c -> equal(one(c, "SHOW statement_timeout"), "10s"));
    System.exit(failed == 0 ? 0 : 1);
  }
}
