// The Yjs engine, for one include: #include "pluv/ycrdt.h", link pluv::ycrdt. Documents that many
// edit at the same time, each on a copy, and that end up equal; byte compatible with yjs 13.6. It
// needs neither the rest of the library nor any other one, and compiles without exceptions and
// RTTI. Everything is in namespace pluv::ycrdt; what can fail answers a pluv::Result.
//
//   ycrdt/doc.h           Doc: a document, its updates, roots, transactions and observers
//   ycrdt/types.h         Text, Array, Map, XmlFragment ...: handles to its parts
//   ycrdt/event.h         Event: what a transaction changed in one of them
//   ycrdt/undo_manager.h  UndoManager: undo and redo of one writer's changes
//   ycrdt/any.h           Any: a value in a list, a map or a text
//   ycrdt/lazy_doc.h      LazyDoc: a document that stays bytes until somebody looks into it
//   ycrdt/updates.h       merge_updates, diff_update ...: updates as bytes, without a document
//   ycrdt/updates_v2.h    the same in version 2 format, conversions, obfuscate_update
//   ycrdt/state_vector.h  StateVector: what somebody has of a document
//   ycrdt/awareness.h     Awareness: who is there, as npm y-protocols has it
//   ycrdt/permanent_user_data.h
//                         PermanentUserData: which user wrote and deleted what
//   ycrdt/relative_position.h  RelativePosition: a place that stays where it is while others edit
//   ycrdt/snapshot.h      Snapshot: a document as it was, and what has changed since
//   ycrdt/limits.h        UpdateLimits: what is refused
//
// Installed, they are in include/pluv/detail, which pluv::ycrdt adds to the include path.
//
// Not thread-safe: a document, its handles and its events are one thread's at a time. Documents
// share nothing, so each may have a thread of its own; functions on values and bytes are callable
// from everywhere.
#pragma once

#include "ycrdt/any.h"
#include "ycrdt/awareness.h"
#include "ycrdt/doc.h"
#include "ycrdt/event.h"
#include "ycrdt/lazy_doc.h"
#include "ycrdt/limits.h"
#include "ycrdt/permanent_user_data.h"
#include "ycrdt/relative_position.h"
#include "ycrdt/snapshot.h"
#include "ycrdt/state_vector.h"
#include "ycrdt/types.h"
#include "ycrdt/undo_manager.h"
#include "ycrdt/updates.h"
#include "ycrdt/updates_v2.h"
