// An update that was read and checked as a whole, as an index over its bytes: which structs it has,
// by client, and its delete set. A struct is read again from the bytes when its turn comes, so that
// a big update takes 20 bytes of memory a struct until then. Borrows the update's bytes.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ycrdt/delete_set.h"
#include "ycrdt/lib0.h"
#include "ycrdt/limits.h"
#include "ycrdt/memory.h"
#include "ycrdt/struct_ref.h"

namespace pluv::ycrdt {

class DecodedUpdate {
 public:
  // The structs of one client, by their numbers in the index.
  struct Section {
    ClientId client = 0;
    std::uint32_t begin = 0;
    std::uint32_t next = 0;  // the first that was not taken yet
    std::uint32_t end = 0;
    bool open = true;   // false once the rest of it was put aside
    Spelling spelling;  // of the client's id
  };

  DecodedUpdate() = default;
  // An error: the update is malformed or over a limit.
  [[nodiscard]] static Result<DecodedUpdate> read(std::string_view update,
                                                  const UpdateLimits& limits,
                                                  ValueSpelling values = ValueSpelling::json);

  // The same in the memory of an earlier one. After an error it is of no use until it succeeds.
  [[nodiscard]] Result<void> read_again(std::string_view update, const UpdateLimits& limits,
                                        ValueSpelling values);
  // Gives much memory back, and keeps a little for read_again().
  void forget() noexcept;

  // Lowest client first, each client once: of two sections of one client the later one counts, as
  // in yjs.
  [[nodiscard]] std::vector<Section>& sections() noexcept { return sections_; }
  [[nodiscard]] const std::vector<Section>& sections() const noexcept { return sections_; }
  // nullptr when the update has nothing of the client.
  [[nodiscard]] Section* find(ClientId client) noexcept;
  // Whether each client stood in the update once, the highest first, as yjs writes them.
  [[nodiscard]] bool in_order() const noexcept { return in_order_; }
  [[nodiscard]] std::size_t struct_count() const noexcept { return index_.size(); }
  // The first so many structs were taken already. Precondition: there are none, or in_order().
  void pass(std::size_t structs) noexcept;
  // Precondition: the number is of the section.
  [[nodiscard]] StructRef at(const Section& section, std::uint32_t number) const noexcept;
  // Where the struct with the client's clock begins; 0 when the update has none.
  [[nodiscard]] Clock start_of(ClientId client, Clock clock) noexcept;
  // Calls visit(client, name, end) for the root that a struct names, in the order of the update;
  // end is the struct's last clock and one.
  template <class Visit>
  void each_root(Visit visit) const {
    for (const Root& root : roots_) visit(root.client, root.name, root.end);
  }

  [[nodiscard]] const DeleteSet& deletes() const noexcept { return deletes_; }
  [[nodiscard]] std::string_view all_bytes() const noexcept { return update_; }

 private:
  struct Entry {
    std::uint32_t offset = 0;  // of the struct in the update
    std::uint32_t size = 0;    // in bytes
    Clock clock = 0;
    std::uint32_t length = 0;
    ContentKind kind = ContentKind::gc;
    bool respell = false;
  };
  struct Root {
    ClientId client = 0;
    Clock end = 0;
    std::string_view name;
  };

  std::string_view update_;
  Table<Entry> index_;
  std::vector<Section> sections_;
  std::vector<Root> roots_;  // one for each struct without origins in a root
  DeleteSet deletes_;
  bool in_order_ = true;
};

}  // namespace pluv::ycrdt
