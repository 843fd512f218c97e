// SQL cursors: DECLARE, FETCH, MOVE, CLOSE.
#include <algorithm>

#include "coord/session/session.h"
#include "engine/base/strings.h"

namespace tsd::coord {

using sql::parse::CloseCursorStatement;
using sql::parse::DeclareCursorStatement;
using sql::parse::FetchDirection;
using sql::parse::FetchStatement;
using sql::parse::StatementKind;

Task<StatusOr<StatementResult>> Session::RunDeclare(const DeclareCursorStatement& statement, const std::vector<Value>* parameters) {
  if (!statement.hold && block_ != Block::kExplicit) {
    co_return Error(sqlstate::kNoActiveSqlTransaction, "DECLARE CURSOR can only be used in transaction blocks");
  }
  if (portals_.contains(statement.name)) {
    co_return Error(sqlstate::kDuplicateCursor, StrCat("cursor \"", statement.name, "\" already exists"));
  }
  sql::BoundStatement bound;
  for (bool as_bound = false; !as_bound;) {
    sql::BindContext context = MakeBindContext(parameters);
    CO_ASSIGN_OR_RETURN(bound, sql::BindQuery(*statement.query, context));
    CO_ASSIGN_OR_RETURN(as_bound, co_await LockBound(&bound));
  }
  CO_ASSIGN_OR_RETURN(std::shared_ptr<QueryRun> run, co_await StartQuery(bound, parameters, false));
  auto portal = std::make_shared<Portal>();
  portal->columns = DescriptionOf(bound.columns);
  portal->memory = run->memory();
  portal->rows = std::move(run);
  portal->tag = "FETCH";
  portal->count_rows = true;
  portal->started = true;
  portal->is_cursor = true;
  portal->depth = savepoints_.size();
  portal->text = std::string(statement_text_);
  portal->made = statement_start_;
  portal->hold = statement.hold;
  portal->scroll = statement.scroll.value_or(false);
  if (portal->scroll) portal->history = std::make_shared<HeldRows>(portal->memory);
  if (statement.binary) portal->formats = {1};
  portals_[statement.name] = std::move(portal);
  StatementResult result;
  result.tag = "DECLARE CURSOR";
  co_return result;
}

namespace {

// The row `count` behind `position`; ALL is the largest number.
int64_t After(int64_t position, int64_t count) { return count > INT64_MAX - position ? INT64_MAX : position + count; }

// Row `index` (0-based) of a cursor's rows seen so far.
bool AppendHistory(const std::vector<ColumnBatch>& history, int64_t index, BatchBuilder* out) {
  for (const ColumnBatch& batch : history) {
    if (index < static_cast<int64_t>(batch.rows())) {
      out->AppendRow(batch, static_cast<size_t>(index));
      return true;
    }
    index -= static_cast<int64_t>(batch.rows());
  }
  return false;
}

}  // namespace

// Rows from number `first` on are given, with as many columns as there are `types`.
Task<StatusOr<ColumnBatch>> Session::FetchForward(Portal* portal, int64_t first, int64_t target, std::vector<DataType> types) {
  sql::MemoryHold memory(portal->memory.get());
  BatchBuilder out(std::move(types));
  while (portal->rows && portal->position < target) {
    if (portal->rest_row >= portal->rest.rows()) {
      CO_RETURN_IF_ERROR(memory.Set(out.MemoryBytes()));
      CO_ASSIGN_OR_RETURN(portal->rest, co_await portal->rows->Next());
      portal->rest_row = 0;
      if (portal->rest.empty()) {
        portal->rows.reset();
        portal->done = true;
        break;
      }
    }
    if (portal->position + 1 >= first) out.AppendRow(portal->rest, portal->rest_row);
    ++portal->rest_row;
    ++portal->position;
  }
  co_return out.Finish();
}

// Moves the cursor and gives the rows it passed, as FETCH defines them.
Task<StatusOr<ColumnBatch>> Session::FetchRows(Portal* portal, const FetchStatement& statement) {
  std::vector<DataType> types;
  if (!statement.move) {  // MOVE asks for their number only
    for (const auto& column : *portal->columns) types.push_back(column.type);
  }
  if (!portal->scroll) {
    // Ranges of rows that lie ahead can be had; NO SCROLL says nothing else.
    switch (statement.direction) {
      case FetchDirection::kForward:
        if (statement.count < 0) break;
        co_return co_await FetchForward(portal, portal->position + 1, After(portal->position, statement.count), std::move(types));
      case FetchDirection::kAbsolute:
        if (statement.count <= portal->position) break;
        co_return co_await FetchForward(portal, statement.count, statement.count, std::move(types));
      case FetchDirection::kRelative:
        if (statement.count <= 0) break;
        co_return co_await FetchForward(portal, After(portal->position, statement.count), After(portal->position, statement.count), std::move(types));
      case FetchDirection::kBackward: break;
    }
    co_return WithHint(Error(sqlstate::kObjectNotInPrerequisiteState, "cursor can only scan forward"),
                       "Declare it with SCROLL option to enable backward scan.");
  }
  sql::MemoryHold memory(portal->memory.get());
  BatchBuilder out(std::move(types));
  // A scrollable cursor keeps its rows: everything up to the target is read, then rows are taken by number.
  int64_t count = 0;
  for (const ColumnBatch& batch : portal->history->batches()) count += static_cast<int64_t>(batch.rows());
  const bool needs_end = statement.direction == FetchDirection::kAbsolute && statement.count < 0;
  int64_t target = portal->position;  // 1-based row number to stand on
  if (statement.direction == FetchDirection::kForward) target = After(portal->position, statement.count);
  if (statement.direction == FetchDirection::kRelative) target = After(portal->position, statement.count);
  if (statement.direction == FetchDirection::kAbsolute) target = statement.count;
  while (portal->rows && (needs_end || count < target)) {
    CO_ASSIGN_OR_RETURN(ColumnBatch batch, co_await portal->rows->Next());
    if (batch.empty()) {
      portal->rows.reset();
      portal->done = true;
      break;
    }
    count += static_cast<int64_t>(batch.rows());
    CO_RETURN_IF_ERROR(portal->history->Add(std::move(batch)));
  }
  if (needs_end) target = count + 1 + statement.count;
  const int64_t end = count + 1;
  if (statement.direction == FetchDirection::kAbsolute || statement.direction == FetchDirection::kRelative) {
    portal->position = std::clamp<int64_t>(target, 0, end);
    if (portal->position >= 1 && portal->position <= count) AppendHistory(portal->history->batches(), portal->position - 1, &out);
    co_return out.Finish();
  }
  const bool backward = statement.direction == FetchDirection::kBackward ? statement.count >= 0 : statement.count < 0;
  int64_t steps = statement.count == FetchStatement::kAll ? INT64_MAX : std::abs(statement.count);
  while (steps-- > 0) {
    const int64_t next = portal->position + (backward ? -1 : 1);
    portal->position = std::clamp<int64_t>(next, 0, end);
    if (portal->position < 1 || portal->position > count) break;
    AppendHistory(portal->history->batches(), portal->position - 1, &out);
    if (out.rows() % kDefaultBatchRows == 0) CO_RETURN_IF_ERROR(memory.Set(out.MemoryBytes()));
  }
  co_return out.Finish();
}

Task<StatusOr<StatementResult>> Session::RunFetch(const FetchStatement& statement) {
  auto found = portals_.find(statement.cursor);
  if (found == portals_.end()) co_return Error(sqlstate::kInvalidCursorName, StrCat("cursor \"", statement.cursor, "\" does not exist"));
  std::shared_ptr<Portal> portal = found->second;
  if (!portal->columns.has_value()) co_return Error(sqlstate::kInvalidCursorState, StrCat("portal \"", statement.cursor, "\" is not a cursor"));
  // A portal that Bind made may be moved before it is ever executed (asyncpg's cursors).
  if (!portal->started && portal->prepared->statement()->kind == StatementKind::kSelect) {
    CO_RETURN_IF_ERROR(co_await StartPortal(portal.get(), sink_));
  }
  if (portal->failed) co_return Error(sqlstate::kObjectNotInPrerequisiteState, StrCat("portal \"", statement.cursor, "\" cannot be run"));
  StatusOr<ColumnBatch> fetched = co_await FetchRows(portal.get(), statement);
  if (!fetched.ok()) portal->failed = true;
  CO_ASSIGN_OR_RETURN(ColumnBatch rows, std::move(fetched));
  StatementResult result;
  if (statement.move) {
    result.tag = StrCat("MOVE ", rows.rows());
    co_return result;
  }
  result.columns = portal->columns;
  auto held = std::make_shared<HeldRows>(portal->memory);
  if (!rows.empty()) CO_RETURN_IF_ERROR(held->Add(std::move(rows)));
  result.rows = std::move(held);
  result.tag = "FETCH";
  result.count_rows = true;
  co_return result;
}

Status Session::RunClose(const CloseCursorStatement& statement) {
  if (statement.name.empty()) {
    std::erase_if(portals_, [](const auto& entry) { return entry.second->is_cursor; });
  } else if (portals_.erase(statement.name) == 0) {
    return Error(sqlstate::kInvalidCursorName, StrCat("cursor \"", statement.name, "\" does not exist"));
  }
  return OkStatus();
}

void Session::KeepPortals(size_t depth) {
  for (auto& [name, portal] : portals_) portal->depth = std::min(portal->depth, depth);
}

void Session::ForgetPortals(size_t depth) {
  std::erase_if(portals_, [depth](const auto& entry) { return entry.second->depth >= depth; });
}

}  // namespace tsd::coord
