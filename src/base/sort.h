// std::sort and std::stable_sort, and in WebAssembly modules the same in a third of the code: the
// library's two are some 3 KB a comparison there, 67 KB of a room's module. Less is a strict weak
// order. The small ones are heap sorts: n log n for any input, one to two times the library's time,
// and next to none of it when the range is in order already. Pure functions.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <utility>
#include <vector>

namespace pluv {
namespace detail {

template <class Iterator, class Less>
void sort_small(Iterator first, Iterator last, Less less) {
  if (std::is_sorted(first, last, less)) return;
  std::make_heap(first, last, less);
  std::sort_heap(first, last, less);
}

// Sorts places, of which no two are equal, and then brings the elements there. Fewer than 2^32.
template <class Iterator, class Less>
void stable_sort_small(Iterator first, Iterator last, Less less) {
  if (std::is_sorted(first, last, less)) return;
  std::vector<std::uint32_t> order(static_cast<std::size_t>(last - first));
  for (std::uint32_t i = 0; i < order.size(); ++i) order[i] = i;
  sort_small(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    if (less(first[a], first[b])) return true;
    return a < b && !less(first[b], first[a]);
  });
  std::vector<typename std::iterator_traits<Iterator>::value_type> sorted;
  sorted.reserve(order.size());
  for (const std::uint32_t place : order) sorted.push_back(std::move(first[place]));
  std::move(sorted.begin(), sorted.end(), first);
}

}  // namespace detail

template <class Iterator, class Less>
void sort_by(Iterator first, Iterator last, Less less) {
#if defined(__wasi__)
  detail::sort_small(first, last, std::move(less));
#else
  std::sort(first, last, std::move(less));
#endif
}

// Equal elements stay in their order.
template <class Iterator, class Less>
void stable_sort_by(Iterator first, Iterator last, Less less) {
#if defined(__wasi__)
  detail::stable_sort_small(first, last, std::move(less));
#else
  std::stable_sort(first, last, std::move(less));
#endif
}

}  // namespace pluv
