// Result<T> cannot be overlooked or mistaken for its value.
#include "base/result.h"

namespace pluv {

Result<int> count();
Result<void> save();

inline int right() {
  if (const Result<void> saved = save(); !saved) return -1;
  Result<int> counted = count();
  return counted.ok() ? *counted : 0;
}

#ifdef CASE_discarded_value
// expect-error: (nodiscard|unused-result)
inline void discard() { count(); }
#endif

#ifdef CASE_discarded_void
// expect-error: (nodiscard|unused-result)
inline void discard() { save(); }
#endif

#ifdef CASE_result_as_its_value
// expect-error: (cannot convert|no viable conversion)
inline int value() { return count(); }
#endif

#ifdef CASE_result_as_a_number
// expect-error: (no match for|invalid operands)
inline int sum() { return 1 + count(); }
#endif

}  // namespace pluv
