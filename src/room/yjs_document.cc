#include "room/yjs_document.h"

#include <utility>
#include <vector>

#include "ycrdt/lazy_doc.h"
#include "ycrdt/updates.h"

namespace pluv::room {
namespace {

// yjs draws 32 bits, and clients that read a client id as a small integer are many.
constexpr std::uint64_t kWriterMask = 0xffff'ffff;

class YjsDocument final : public Document {
 public:
  explicit YjsDocument(ycrdt::LazyDocOptions options) : lazy_(std::move(options)) {}

  Result<std::string> apply(std::string_view update) override { return lazy_.apply_update(update); }

  Result<std::string> edit(const std::function<void()>& edit) override {
    Result<ycrdt::Doc*> made = lazy_.doc();
    if (!made) return made.error();
    ycrdt::Doc& doc = **made;
    std::vector<std::string> changes;
    const ycrdt::Subscription subscription =
        doc.on_update([&](std::string_view update, const ycrdt::Transaction&) {
          changes.emplace_back(update);
        });
    edit();
    doc.unobserve(subscription);
    if (changes.empty()) return std::string();
    if (changes.size() == 1) return std::move(changes[0]);
    return merge(changes);
  }

  std::size_t waiting_bytes() const override { return lazy_.pending_bytes(); }

  bool empty() const override { return lazy_.state_vector().entries().empty(); }

  std::string encode() override { return lazy_.encode_state_as_update(); }

  std::string state() const override { return lazy_.encode_state_vector(); }

  std::string encode_since(std::string_view state) override {
    const auto known = ycrdt::decode_state_vector(state);
    PLUV_ASSERT(known.ok());  // what state() has answered
    return lazy_.encode_state_as_update(*known);
  }

  std::size_t memory_bytes() const override { return lazy_.memory_bytes(); }

  void* native() override {
    const Result<ycrdt::Doc*> made = lazy_.doc();
    return made ? *made : nullptr;
  }

  static Result<std::string> merge(std::span<const std::string> updates) {
    const std::vector<std::string_view> views(updates.begin(), updates.end());
    return ycrdt::merge_updates(views, {.coalesce_text = true, .limits = kNoLimits});
  }

 private:
  static constexpr ycrdt::UpdateLimits kNoLimits{.update_bytes_max = SIZE_MAX,
                                                 .clients_max = SIZE_MAX,
                                                 .structs_max = SIZE_MAX,
                                                 .value_depth_max = SIZE_MAX};

  ycrdt::LazyDoc lazy_;
};

class YjsStorage final : public StorageKind {
 public:
  explicit YjsStorage(ycrdt::UpdateLimits limits) : limits_(limits) {}

  std::unique_ptr<Document> make(std::uint64_t writer) const override {
    ycrdt::LazyDocOptions options;
    options.doc.client_id = writer & kWriterMask;
    options.doc.hash_seed = writer;
    options.doc.clean_formatting = false;
    options.doc.limits = limits_;
    return std::make_unique<YjsDocument>(std::move(options));
  }

  Result<std::string> merge(std::span<const std::string> updates) const override {
    return YjsDocument::merge(updates);
  }

 private:
  ycrdt::UpdateLimits limits_;
};

}  // namespace

std::shared_ptr<const StorageKind> yjs_storage(ycrdt::UpdateLimits limits) {
  return std::make_shared<const YjsStorage>(limits);
}

}  // namespace pluv::room
