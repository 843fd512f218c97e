#pragma once
// The input, output, receive and send functions of types, as pg_type and pg_proc show them: they are names only, for the joins that drivers
// make (typinput = 'array_in'::regproc, pg_proc.oid = typreceive). Pure; any thread.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/types/data_type.h"

namespace tsd::coord {

enum class TypeIo : uint8_t { kInput, kOutput, kReceive, kSend };

/// 0 for a type that has none.
uint32_t TypeIoOid(DataType type, TypeIo io);
/// 0 / false where there is no such function.
uint32_t TypeIoOidOf(std::string_view name);
bool TypeIoName(uint32_t oid, std::string* name);
/// Every one of them.
std::vector<uint32_t> AllTypeIoOids();

}  // namespace tsd::coord
