#pragma once
// What one node may ask of another. A method is either a call (one request, one answer) or a stream; its service decides.
// Numbers are wire format: never reuse one.
#include <cstdint>

namespace tsd::net::rpc {

enum class Method : uint8_t {
  kPing = 1,
  // Calls on a node's store; requests in coord/node/node_messages.h.
  kWrite = 2,
  kDelete = 3,
  kRollbackTo = 4,
  kPrepare = 5,
  kCommitPrepared = 6,
  kCommitOnePhase = 7,
  kAbort = 8,
  kListTransactions = 9,
  kDropChunks = 10,
  kSizes = 11,
  // A fragment of a plan; answered by a stream of batches.
  kRunFragment = 12,
  // Membership: what a node is, and taking it into a cluster or letting it go.
  kDescribe = 13,
  kJoin = 14,
  kLeave = 15,
  // SQL text for distributed_exec.
  kExecute = 16,
  // All writes of a transaction on the node, and its commit.
  kWriteAndCommit = 17,
  // Looking after storage.
  kCompact = 18,
  kColumnUsage = 19,
  kVerify = 20,
  // As kWriteAndCommit, and the transaction's prepare.
  kWriteAndPrepare = 21,
  // As kWrite, but rows whose keys are taken are left out and told of.
  kWriteUnlessConflicting = 22,
};

}  // namespace tsd::net::rpc
