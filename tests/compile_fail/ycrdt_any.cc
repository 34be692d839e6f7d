// A value of a document is made of what JavaScript has, of nothing by chance, and is not looked
// into when it is about to be gone.
#include "ycrdt/any.h"
#include "ycrdt/types.h"

namespace pluv::ycrdt {

inline void right(Map& map, const Text& text, char* word) {
  (void)map.set("n", text.length());
  (void)map.set("n", sizeof(int));
  (void)map.set("n", 3ll);
  (void)map.set("n", 1.5f);
  (void)map.set("b", true);
  (void)map.set("s", word);
  (void)map.set("nothing", nullptr);
  const Any value = Any::Array{1, "two"};
  (void)value.get<Any::Array>()->size();
  (void)decode_any("\x7e").get<Any::Array>().has_value();
}

#ifdef CASE_a_pointer
// expect-error: (deleted function|deleted constructor)
inline Any pointer(const Text* text) { return text; }
#endif

#ifdef CASE_a_pointer_in_a_map
// expect-error: (cannot convert|could not convert|no matching function|could not bind)
inline void pointer(Map& map, const int* number) { (void)map.set("k", number); }
#endif

#ifdef CASE_a_function
// expect-error: (deleted function|deleted constructor)
inline Any function() { return &to_json; }
#endif

#ifdef CASE_a_character
// expect-error: (deleted function|deleted constructor)
inline Any character() { return 'x'; }
#endif

#ifdef CASE_a_temporary
// expect-error: (cannot convert|no viable conversion)
inline const Any::Array* inside(std::string_view encoded) {
  return decode_any(encoded).get<Any::Array>();
}
#endif

}  // namespace pluv::ycrdt
