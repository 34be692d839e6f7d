// Ranges of elements, client by client in the order in which each was first named: the form in
// which an undo step remembers what was inserted and deleted, since what is undone first gets the
// lower clocks. DeleteSet (delete_set.h), which is written into updates, has another order.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "ycrdt/ids.h"

namespace pluv::ycrdt {

class ElementRanges {
 public:
  struct Range {
    Clock clock = 0;
    std::uint32_t length = 0;

    bool operator==(const Range&) const = default;
  };

  // The client takes its place in the order.
  void add_client(ClientId client);
  // Ranges that touch or overlap become one. Linear only where ranges come out of order.
  void add(ClientId client, Clock clock, std::uint32_t length);
  // yjs: mergeDeleteSets.
  void add_all(const ElementRanges& other);

  [[nodiscard]] bool empty() const noexcept;
  // Logarithmic. yjs: isDeleted.
  [[nodiscard]] bool contains(Id id) const noexcept;
  [[nodiscard]] const std::vector<ClientId>& clients() const noexcept { return order_; }
  // By clock. Precondition: the client is one of clients().
  [[nodiscard]] const std::vector<Range>& of(ClientId client) const { return ranges_.at(client); }

 private:
  std::vector<ClientId> order_;
  std::map<ClientId, std::vector<Range>> ranges_;
};

}  // namespace pluv::ycrdt
