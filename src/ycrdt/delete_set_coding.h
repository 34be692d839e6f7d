// A delete set as bytes, alone or among others: for each client its id and the number of its
// ranges, then the ranges. Version 1 writes clocks and lengths as they are; version 2 writes a
// clock as what lies between it and the end of the range before, and lengths without their last
// element. Source: yjs, UpdateEncoder.js and UpdateDecoder.js (DSEncoderV1, DSEncoderV2).
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "ycrdt/delete_set.h"
#include "ycrdt/lib0.h"
#include "ycrdt/limits.h"

namespace pluv::ycrdt {

enum class DeleteSetFormat : std::uint8_t { v1, v2 };

// Appends the set. Preconditions: it is normalized, and no range is empty.
void write_delete_set(std::string& out, const DeleteSet& set, DeleteSetFormat format);

// Reads a set at the reader's place, which is behind it afterwards; the ranges are in the order of
// the bytes. An error: the bytes end early, or something is over a limit. Memory is proportional to
// the bytes.
[[nodiscard]] Result<DeleteSet> read_delete_set(ByteReader& reader, DeleteSetFormat format,
                                                const UpdateLimits& limits = {});

}  // namespace pluv::ycrdt
