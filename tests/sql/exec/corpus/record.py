#!/usr/bin/env python3
"""Fills in the answers of corpus files with what a real PostgreSQL says: record.py "psql -X -p 5432 -U postgres -d scratch" file.sql ...

A file is a list of entries: statement text, a line "----", the answer lines, a line "----end". Entries without answer may be written as
statement text alone (ended by a line that ends with ';'). Every file runs in one fresh schema, times in UTC, NULL as NULL."""
import re
import shlex
import subprocess
import sys


def entries(text):
    statement, found, answer = [], [], False
    for line in text.splitlines():
        if answer:
            answer = line != "----end"
            continue
        if line == "----":
            answer = True
            continue
        if not statement and not line.strip():
            continue
        statement.append(line)
        if line.rstrip().endswith(";") and not line.startswith("--"):
            found.append("\n".join(statement))
            statement = []
    return found


def run(psql, statements):
    script = ["\\set VERBOSITY verbose", "\\pset null NULL", "SET timezone = 'UTC';", "SET client_min_messages = error;",
              "DROP SCHEMA IF EXISTS corpus CASCADE;", "CREATE SCHEMA corpus;", "SET search_path = corpus;"]
    for statement in statements:
        script += ["\\echo ====entry", statement]
    script.append("\\echo ====entry")
    done = subprocess.run(shlex.split(psql) + ["-qAt", "-F", "|"], input="\n".join(script), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False)
    answers, current = [], None
    for line in done.stdout.splitlines():
        if line == "====entry":
            if current is not None:
                answers.append(current)
            current = []
        elif current is not None:
            current.append(line)
    return [clean(answer) for answer in answers]


def clean(answer):
    for line in answer:
        error = re.match(r"(?:psql:[^ ]* )?ERROR:  (\w{5}): (.*)", line)
        if error:
            return [f"ERROR: {error.group(1)} {error.group(2)}"]
    return answer


def main():
    for path in sys.argv[2:]:
        with open(path, encoding="utf-8") as file:
            statements = entries(file.read())
        answers = run(sys.argv[1], statements)
        if len(answers) != len(statements):
            sys.exit(f"{path}: {len(statements)} statements, {len(answers)} answers")
        with open(path, "w", encoding="utf-8") as file:
            for statement, answer in zip(statements, answers):
                file.write("\n".join([statement, "----", *answer, "----end", ""]) + "\n")


main()
