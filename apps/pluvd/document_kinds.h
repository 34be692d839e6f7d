// Which kind of shared type a handle is of, also where nobody has said so yet. Pure functions.
#pragma once

#include "ycrdt/doc_state.h"
#include "ycrdt/read.h"
#include "ycrdt/types.h"

namespace pluv::apps {

[[nodiscard]] inline bool is_text(ycrdt::TypeKind kind) {
  return kind == ycrdt::TypeKind::text || kind == ycrdt::TypeKind::xml_text;
}
[[nodiscard]] inline bool has_list(ycrdt::TypeKind kind) {
  return kind != ycrdt::TypeKind::map && kind != ycrdt::TypeKind::xml_hook;
}

// What a root whose type nobody has named looks like.
[[nodiscard]] inline ycrdt::TypeKind kind_of(const ycrdt::SharedType& type) {
  const ycrdt::TypeKind kind = type.kind();
  if (kind != ycrdt::TypeKind::undefined || type.doc() == nullptr) return kind;
  return ycrdt::guess_kind(type.doc()->store, type.branch());
}

}  // namespace pluv::apps
